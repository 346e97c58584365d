// Images and the views that the model sees of them: the whole image, and with
// tiling each tile. A view is a square of the model's image size.
#pragma once
#include <cstdint>
#include <vector>

#include "engine.h"

namespace alfa {

// An image of 3 channels, row-major. Borrows the caller's pixels if they are
// RGB already; otherwise owns a converted copy.
class RgbImage {
 public:
  // Throws Error(kImage) | kImageSize.
  explicit RgbImage(const PixelView& image);
  RgbImage(RgbImage&&) = default;

 private:
  std::vector<uint8_t> converted_;

 public:
  const uint8_t* const rgb;
  const int width, height;

  size_t row_bytes() const { return 3 * static_cast<size_t>(width); }
  const uint8_t* pixel(int x, int y) const {
    return rgb + static_cast<size_t>(y) * row_bytes() +
           3 * static_cast<size_t>(x);
  }
};

// The tiles of an image, row by row. Neighbours overlap by Tile::overlap; the
// last tile of a row or column is moved back to end at the image's edge.
struct Tiling {
  std::vector<int> left;  // of each column of tiles
  std::vector<int> top;   // of each row of tiles
  int size = 0;
  int count() const { return static_cast<int>(left.size() * top.size()); }
  kernels::Box box(int tile) const {
    const size_t i = static_cast<size_t>(tile);
    return {left[i % left.size()], top[i / left.size()], size, size};
  }
};

// Throws Error(kImageSize) if the image is smaller than one tile.
Tiling tile_image(const RgbImage& image, const Tile& tile);

// A view as RGB pixels [size, size, 3]: the whole image by `fit`, or one part
// of it squashed.
std::vector<uint8_t> resize_to_square(const RgbImage& image, int size, Fit fit);
std::vector<uint8_t> resize_to_square(const RgbImage& image,
                                      const kernels::Box& part, int size);

// Rotates RGB pixels [size, size, 3] by 90 degrees counter-clockwise.
std::vector<uint8_t> rotate_90(const std::vector<uint8_t>& square, int size);

}  // namespace alfa
