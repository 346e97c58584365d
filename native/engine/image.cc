#include "engine/image.h"

#include <algorithm>
#include <string>

namespace alfa {

RgbImage::RgbImage(const PixelView& image)
    : converted_(image.channels == 3 && image.width > 0 && image.height > 0
                     ? std::vector<uint8_t>()
                     : kernels::to_rgb(image)),
      rgb(converted_.empty() ? image.data : converted_.data()),
      width(image.width),
      height(image.height) {}

Tiling tile_image(const RgbImage& image, const Tile& tile) {
  if (tile.size > std::min(image.width, image.height))
    throw Error(Code::kImageSize,
                "Expected an image of at least one tile of " +
                    std::to_string(tile.size) + " x " +
                    std::to_string(tile.size) + " pixels but received " +
                    std::to_string(image.width) + " x " +
                    std::to_string(image.height) +
                    ". Use a smaller tile.size or a larger image.");
  const auto starts = [&](int length) {
    std::vector<int> positions;
    for (int x = 0; x + tile.size < length; x += tile.size - tile.overlap)
      positions.push_back(x);
    positions.push_back(length - tile.size);
    return positions;
  };
  return {starts(image.width), starts(image.height), tile.size};
}

std::vector<uint8_t> resize_to_square(const RgbImage& image, int size,
                                      Fit fit) {
  return kernels::fit_square(image.rgb, image.width, image.height, size, fit);
}

std::vector<uint8_t> resize_to_square(const RgbImage& image,
                                      const kernels::Box& part, int size) {
  const size_t row_bytes = 3 * static_cast<size_t>(part.width);
  std::vector<uint8_t> cropped(row_bytes * static_cast<size_t>(part.height));
  for (int y = 0; y < part.height; ++y)
    std::copy_n(image.pixel(part.left, part.top + y), row_bytes,
                cropped.data() + static_cast<size_t>(y) * row_bytes);
  return kernels::fit_square(cropped.data(), part.width, part.height, size,
                             Fit::kSquash);
}

std::vector<uint8_t> rotate_90(const std::vector<uint8_t>& square, int size) {
  const size_t side = static_cast<size_t>(size);
  std::vector<uint8_t> out(square.size());
  for (size_t y = 0; y < side; ++y)
    for (size_t x = 0; x < side; ++x)
      std::copy_n(square.data() + 3 * (x * side + (side - 1 - y)), 3,
                  out.data() + 3 * (y * side + x));
  return out;
}

}  // namespace alfa
