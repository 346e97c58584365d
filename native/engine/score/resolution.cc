#include "engine/score/resolution.h"

#include <algorithm>
#include <utility>

namespace alfa {
namespace {

void upsample(Detection& d, Align align, int width, int height) {
  if (d.map_width == width && d.map_height == height) return;
  std::vector<float> map(static_cast<size_t>(width) *
                         static_cast<size_t>(height));
  kernels::upsample_bilinear(d.map.data(), d.map_width, d.map_height, width,
                             height, map.data(), align);
  d.map = std::move(map);
  d.map_width = width;
  d.map_height = height;
}

// Puts the map of a part of an image into a map of the whole image.
void pad(Detection& d, const kernels::Box& part, int width, int height) {
  std::vector<float> map(
      static_cast<size_t>(width) * static_cast<size_t>(height), 0.0f);
  for (int y = 0; y < part.height; ++y)
    std::copy_n(
        d.map.begin() + static_cast<ptrdiff_t>(y) * part.width, part.width,
        map.begin() + static_cast<ptrdiff_t>(part.top + y) * width + part.left);
  d.map = std::move(map);
  d.map_width = width;
  d.map_height = height;
}

}  // namespace

kernels::Box to_resolution(Detection& d, const Settings& settings,
                           const VisionTower& vision, int width, int height) {
  if (settings.resolution == Resolution::kModel)
    upsample(d, settings.align(), vision.image_size, vision.image_size);
  if (settings.resolution != Resolution::kImage)
    return {0, 0, d.map_width, d.map_height};
  const kernels::Box shown =
      kernels::visible_part(width, height, vision.image_size, settings.fit);
  upsample(d, settings.align(), shown.width, shown.height);
  if (settings.fit == Fit::kCrop) pad(d, shown, width, height);
  return shown;
}

}  // namespace alfa
