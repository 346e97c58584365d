// Pixels to patches (docs/method.md, step 1): bicubic resizing with
// antialiasing, equal to Pillow's Image.resize(BICUBIC) bit for bit.
//
// Pillow's method: Keys' kernel with a = -0.5, its support scaled by the
// reduction; the horizontal pass first, then the vertical one; 8-bit rounding
// after each pass; fixed-point weights with 22 fraction bits. This is every
// Pillow version up to 12.1, which all published results used. Pillow 12.2
// takes the vertical pass first for images over 100 times as tall as wide, and
// Pillow 13 for all images whose height shrinks much more than their width.
//
// Images are 8-bit and row-major without padding between rows. RGB means 3
// interleaved channels.
#pragma once
#include <cstdint>
#include <vector>

namespace alfa::kernels {

// How an image becomes a square of S x S pixels:
enum class Fit {
  kSquash,  // resized to S x S, whatever its shape
  kCrop,    // the shorter side resized to S, then the centre of the longer one
};

// Borrowed pixels. Channels: 1 (grey), 3 (RGB), or 4 (RGB and alpha, not
// premultiplied).
struct PixelView {
  const uint8_t* data;
  int width, height, channels;
};

// A rectangle in pixels.
struct Box {
  int left, top, width, height;
};

// Below, a size below 1 x 1 throws Error(kImageSize). All functions run on the
// calling thread.

// Any PixelView -> RGB [height, width, 3]. Grey is repeated. Alpha is
// composited over white, rounded to nearest. Throws Error(kImage) for other
// channel counts.
std::vector<uint8_t> to_rgb(PixelView image);

// RGB [height, width, 3] -> RGB [out_height, out_width, 3].
std::vector<uint8_t> resize_bicubic(const uint8_t* rgb, int width, int height,
                                    int out_width, int out_height);

// RGB [height, width, 3] -> RGB [size, size, 3]. kCrop follows torchvision: the
// longer side becomes int(size * longer / shorter), and the crop starts at
// round((that - size) / 2), ties to even.
std::vector<uint8_t> fit_square(const uint8_t* rgb, int width, int height,
                                int size, Fit fit);

// The part of a width x height image that the square of fit_square shows, in
// the image's pixels, rounded to whole ones.
Box visible_part(int width, int height, int size, Fit fit);

// RGB [size, size, 3] -> patches [prefix + grid * grid, 3 * patch * patch],
// grid = size / patch. The first `prefix` rows (class and register tokens,
// which have no pixels) are zeros. A patch is channel-major (c, y, x), like the
// weights of a convolution, with values (pixel / 255 - mean[c]) / std[c].
// Pixels past grid * patch are dropped, as a strided convolution drops them.
void to_patches(const uint8_t* rgb, int size, int patch, int prefix,
                const float mean[3], const float std[3], float* patches);

}  // namespace alfa::kernels
