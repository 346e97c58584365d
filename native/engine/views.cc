#include "engine/views.h"

#include <algorithm>
#include <string>

namespace alfa {

Picture::Picture(const PixelView& image)
    : copy_(image.channels == 3 && image.width > 0 && image.height > 0
                ? std::vector<uint8_t>()
                : kernels::to_rgb(image)),
      rgb(copy_.empty() ? image.data : copy_.data()),
      width(image.width),
      height(image.height) {}

Tiling tiles_of(const Picture& picture, const Tile& tile) {
  if (tile.size > std::min(picture.width, picture.height))
    throw Error(Code::kImageSize,
                "The image is " + std::to_string(picture.width) + " x " +
                    std::to_string(picture.height) +
                    " pixels, smaller than a tile of " +
                    std::to_string(tile.size) +
                    "; give a smaller tile.size, or a larger image.");
  const auto starts = [&](int length) {
    std::vector<int> at;
    for (int x = 0; x + tile.size < length; x += tile.size - tile.overlap)
      at.push_back(x);
    at.push_back(length - tile.size);
    return at;
  };
  return {starts(picture.width), starts(picture.height), tile.size};
}

std::vector<uint8_t> square_of(const Picture& picture, int size, Fit fit) {
  return kernels::fit_square(picture.rgb, picture.width, picture.height, size,
                             fit);
}

std::vector<uint8_t> square_of(const Picture& picture, const kernels::Box& part,
                               int size) {
  std::vector<uint8_t> rgb(3 * static_cast<size_t>(part.width) * part.height);
  for (int y = 0; y < part.height; ++y) {
    const uint8_t* row =
        picture.rgb +
        3 * (static_cast<size_t>(part.top + y) * picture.width + part.left);
    std::copy_n(row, 3 * static_cast<size_t>(part.width),
                rgb.data() + 3 * static_cast<size_t>(y) * part.width);
  }
  return kernels::fit_square(rgb.data(), part.width, part.height, size,
                             Fit::kSquash);
}

std::vector<uint8_t> turned(const std::vector<uint8_t>& square, int size) {
  std::vector<uint8_t> out(square.size());
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      std::copy_n(
          square.data() + 3 * (static_cast<size_t>(x) * size + (size - 1 - y)),
          3, out.data() + 3 * (static_cast<size_t>(y) * size + x));
  return out;
}

void black_out(const VisionTower& tower, const float* patches,
               const int32_t* rows, int count, float* out) {
  const size_t area = static_cast<size_t>(tower.patch) * tower.patch,
               row = 3 * area;
  const size_t all = static_cast<size_t>(tower.prefix) +
                     static_cast<size_t>(tower.grid) * tower.grid;
  std::fill(out, out + tower.prefix * row, 0.0f);
  for (size_t r = static_cast<size_t>(tower.prefix); r < all; ++r)
    for (int c = 0; c < 3; ++c)
      std::fill_n(out + r * row + c * area, area,
                  (0.0f - tower.mean[c]) / tower.std[c]);
  for (int i = 0; i < count; ++i)
    std::copy_n(patches + static_cast<size_t>(rows[i]) * row, row,
                out + static_cast<size_t>(rows[i]) * row);
}

}  // namespace alfa
