#include "engine/score/tiled_map.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/harmonic_map/harmonic_map.h"
#include "kernels/upsample/upsample.h"

namespace alfa {
namespace {

// Keeps the weights of pixels at a tile's edge above 0.
constexpr double kMinWeight = 1e-3;

struct Size {
  int width, height;
};

Size map_size(const Settings& settings, const VisionTower& vision,
              const RgbImage& image) {
  switch (settings.resolution) {
    case Resolution::kGrid:
      return {vision.grid, vision.grid};
    case Resolution::kModel:
      return {vision.image_size, vision.image_size};
    case Resolution::kImage:
      break;
  }
  return {image.width, image.height};
}

// Bilinear interpolation along one axis: between two patches of a tile.
struct Sample {
  int low, high;
  float high_weight;
};

// `position`: in the image's pixels. As align_corners = false.
Sample sample(double position, int tile_start, int tile_size, int grid) {
  const double g = std::clamp((position - tile_start) * grid / tile_size - 0.5,
                              0.0, static_cast<double>(grid - 1));
  const int low = static_cast<int>(g);
  return {low, std::min(low + 1, grid - 1), static_cast<float>(g - low)};
}

float mix(float low, float high, float high_weight) {
  return low + (high - low) * high_weight;
}

}  // namespace

void TiledMap::start(const Tiling& tiling, const RgbImage& image,
                     const Settings& settings, const VisionTower& vision,
                     std::vector<float> whole) {
  const Size size = map_size(settings, vision, image);
  tiling_ = tiling;
  width_ = size.width;
  height_ = size.height;
  x_ = make_axis(tiling.left, tiling.size, image.width, width_);
  y_ = make_axis(tiling.top, tiling.size, image.height, height_);
  whole_ = std::move(whole);
  sum_.assign(static_cast<size_t>(width_) * static_cast<size_t>(height_), 0.0f);
}

TiledMap::Axis TiledMap::make_axis(const std::vector<int>& starts,
                                   int tile_size, int image_pixels,
                                   int map_pixels) {
  Axis axis;
  for (int p = 0; p < map_pixels; ++p)
    axis.centre.push_back((p + 0.5) * image_pixels / map_pixels);
  const auto weight = [&](size_t tile, size_t p) {
    const double along = (axis.centre[p] - starts[tile]) / tile_size;
    if (along < 0 || along >= 1) return 0.0;
    return std::max(std::min(along, 1 - along), kMinWeight);
  };
  const size_t pixels = static_cast<size_t>(map_pixels);
  std::vector<double> total(pixels);
  for (size_t t = 0; t < starts.size(); ++t)
    for (size_t p = 0; p < pixels; ++p) total[p] += weight(t, p);
  axis.weight.resize(starts.size() * pixels);
  for (size_t t = 0; t < starts.size(); ++t) {
    int begin = map_pixels, end = 0;
    for (size_t p = 0; p < pixels; ++p) {
      const double w = weight(t, p);
      if (w <= 0) continue;
      axis.weight[t * pixels + p] = static_cast<float>(w / total[p]);
      begin = std::min(begin, static_cast<int>(p));
      end = static_cast<int>(p) + 1;
    }
    axis.begin.push_back(begin);
    axis.end.push_back(end);
  }
  return axis;
}

void TiledMap::add(int tile, const std::vector<float>& map, int grid) {
  const size_t column = static_cast<size_t>(tile) % tiling_.left.size();
  const size_t row = static_cast<size_t>(tile) / tiling_.left.size();
  const size_t width = static_cast<size_t>(width_);
  const size_t height = static_cast<size_t>(height_);
  const size_t x_begin = static_cast<size_t>(x_.begin[column]);
  const size_t x_end = static_cast<size_t>(x_.end[column]);
  std::vector<Sample> columns(x_end > x_begin ? x_end - x_begin : 0);
  for (size_t x = x_begin; x < x_end; ++x)
    columns[x - x_begin] =
        sample(x_.centre[x], tiling_.left[column], tiling_.size, grid);
  for (size_t y = static_cast<size_t>(y_.begin[row]);
       y < static_cast<size_t>(y_.end[row]); ++y) {
    const Sample s = sample(y_.centre[y], tiling_.top[row], tiling_.size, grid);
    const float y_weight = y_.weight[row * height + y];
    const float* low = map.data() + static_cast<ptrdiff_t>(s.low) * grid;
    const float* high = map.data() + static_cast<ptrdiff_t>(s.high) * grid;
    for (size_t x = x_begin; x < x_end; ++x) {
      const Sample& c = columns[x - x_begin];
      const float above = mix(low[c.low], low[c.high], c.high_weight);
      const float below = mix(high[c.low], high[c.high], c.high_weight);
      sum_[y * width + x] += x_.weight[column * width + x] * y_weight *
                             mix(above, below, s.high_weight);
    }
  }
}

void TiledMap::finish(Detection& d, int grid) {
  std::vector<float> whole(sum_.size());
  kernels::upsample_bilinear(whole_.data(), grid, grid, width_, height_,
                             whole.data());
  // The kernel counts in int.
  constexpr size_t kChunk = 1 << 20;
  for (size_t at = 0; at < sum_.size(); at += kChunk) {
    const float* maps[] = {whole.data() + at, sum_.data() + at};
    const size_t count = std::min(kChunk, sum_.size() - at);
    kernels::harmonic_mean(maps, 2, static_cast<int>(count), sum_.data() + at);
  }
  d.map = std::move(sum_);
  d.map_width = width_;
  d.map_height = height_;
}

}  // namespace alfa
