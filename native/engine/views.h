// What the model is shown of an image: the whole, and with tiling its tiles; a
// reference also turned. Each view becomes a square of the model's size, its
// windows' black-out a set of further squares (mask 'zero').
#pragma once
#include <vector>

#include "checkpoint/architecture.h"
#include "engine.h"

namespace alfa {

class Picture {  // RGB: the caller's own pixels where they are such already,
                 // else a copy
 public:
  explicit Picture(const PixelView& image);
  Picture(Picture&&) = default;

 private:
  std::vector<uint8_t> copy_;

 public:
  const uint8_t* const rgb;
  const int width, height;
};

// The tiles of an image, row by row: `tile.size` a side, stepping by size -
// overlap, the last ones moved back onto the edge. Error(kImageSize) where the
// image is smaller than a tile.
struct Tiling {
  std::vector<int> left, top;  // of the columns and the rows
  int size = 0;
  int count() const { return static_cast<int>(left.size() * top.size()); }
  kernels::Box box(int i) const {
    return {left[i % left.size()], top[i / left.size()], size, size};
  }
};
Tiling tiles_of(const Picture& picture, const Tile& tile);

// The view as RGB [S, S, 3]: the whole image by `fit`, or a part of it
// squashed.
std::vector<uint8_t> square_of(const Picture& picture, int size, Fit fit);
std::vector<uint8_t> square_of(const Picture& picture, const kernels::Box& part,
                               int size);

// RGB [S, S, 3] turned by 90 degrees counter-clockwise.
std::vector<uint8_t> turned(const std::vector<uint8_t>& square, int size);

// patches of one view [R, 3*patch*patch] -> the same with every patch outside
// the segment's rows black.
void black_out(const VisionTower& tower, const float* patches,
               const int32_t* rows, int count, float* out);

}  // namespace alfa
