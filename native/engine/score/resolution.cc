#include <algorithm>

#include "engine/state.h"

namespace alfa {
namespace {

void upsample(Detection& d, Align align, int width, int height) {
  if (d.map_width == width && d.map_height == height)
    return;  // a GPU has done it
  std::vector<float> map(static_cast<size_t>(width) * height);
  kernels::upsample_bilinear(d.map.data(), d.map_width, d.map_height, width,
                             height, map.data(), align);
  d.map = std::move(map);
  d.map_width = width;
  d.map_height = height;
}

// Lays the map of a part into a map of the whole image; what the model was not
// shown is 0.
void surround(Detection& d, const kernels::Box& part, int width, int height) {
  std::vector<float> map(static_cast<size_t>(width) * height, 0.0f);
  for (int y = 0; y < part.height; ++y) {
    const float* row = d.map.data() + static_cast<size_t>(y) * part.width;
    std::copy(
        row, row + part.width,
        map.data() + static_cast<size_t>(part.top + y) * width + part.left);
  }
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
      kernels::shown_part(width, height, vision.image_size, settings.fit);
  upsample(d, settings.align(), shown.width, shown.height);
  if (settings.fit == Fit::kCrop) surround(d, shown, width, height);
  return shown;
}

}  // namespace alfa
