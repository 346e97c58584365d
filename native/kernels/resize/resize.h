// Pixels to patches (method sec. 1). Bicubic with antialias, bit for bit what
// Pillow's Image.resize(BICUBIC) gives: a = -0.5, support scaled by the
// reduction, separable, horizontal pass first, 8-bit rounding between the
// passes, fixed-point coefficients of 22 bits. "Pillow" is every version
// to 12.1, which all published results used; since 12.2 images over 100 times
// as tall as wide, and since 13 all whose height shrinks much more, go
// vertically first there.
#pragma once
#include <cstdint>
#include <vector>

namespace alfa::kernels {

enum class Fit {
  kSquash,
  kCrop
};  // to S x S whatever the shape | shortest side to S, then the centre

struct PixelView {  // 8-bit rows, interleaved, no padding between rows;
                    // borrowed
  const uint8_t* data;
  int width, height,
      channels;  // channels 1 (grey), 3 (RGB), 4 (RGB and straight alpha)
};

// Any PixelView to RGB [height, width, 3]: grey repeated, alpha composited over
// white (rounded to nearest).
std::vector<uint8_t> to_rgb(PixelView image);

// RGB [height, width, 3] -> RGB [out_height, out_width, 3].
std::vector<uint8_t> resize_bicubic(const uint8_t* rgb, int width, int height,
                                    int out_width, int out_height);

// RGB [height, width, 3] -> RGB [size, size, 3]. kCrop follows torchvision: the
// long side becomes int(size * long / short), the crop starts at round((long -
// size) / 2), ties to even.
std::vector<uint8_t> fit_square(const uint8_t* rgb, int width, int height,
                                int size, Fit fit);

// The part of a width x height image that fit_square shows, in the image's own
// pixels, rounded to whole ones.
struct Box {
  int left, top, width, height;
};
Box shown_part(int width, int height, int size, Fit fit);

// RGB [size, size, 3] -> patches [prefix + grid*grid, 3*patch*patch], the first
// rows zeros (where tokens without pixels stand: class and registers), patches
// row-major, each channel-major (c, y, x) as convolution weights lie:
// (value/255 - mean[c]) / std[c]. size = grid * patch; pixels past grid*patch
// are dropped as a strided convolution drops them.
void to_patches(const uint8_t* rgb, int size, int patch, int prefix,
                const float mean[3], const float std[3], float* patches);

}  // namespace alfa::kernels
