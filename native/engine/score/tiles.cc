#include "engine/score/tiles.h"

#include <algorithm>

#include "kernels/harmonic_map/harmonic_map.h"
#include "kernels/upsample/upsample.h"

namespace alfa {

TileBlend::TileBlend(const Tiling& tiling, const Picture& picture, int width,
                     int height)
    : tiling_(tiling),
      width_(width),
      height_(height),
      x_(side(tiling.left, picture.width, width)),
      y_(side(tiling.top, picture.height, height)),
      sum_(static_cast<size_t>(width) * height) {}

TileBlend::Side TileBlend::side(const std::vector<int>& starts, int picture,
                                int canvas) const {
  Side s;
  for (int p = 0; p < canvas; ++p) s.at.push_back((p + 0.5) * picture / canvas);
  const size_t pixels = static_cast<size_t>(canvas);
  s.weight.resize(starts.size() * pixels);
  std::vector<double> total(pixels);
  const auto tent = [&](size_t tile, size_t p) {
    const double along = (s.at[p] - starts[tile]) / tiling_.size;
    return along < 0 || along >= 1 ? 0.0
                                   : std::max(std::min(along, 1 - along), 1e-3);
  };
  for (size_t t = 0; t < starts.size(); ++t)
    for (size_t p = 0; p < pixels; ++p) total[p] += tent(t, p);
  for (size_t t = 0; t < starts.size(); ++t) {
    int begin = canvas, end = 0;
    for (size_t p = 0; p < pixels; ++p) {
      const double w = tent(t, p);
      if (w <= 0) continue;
      s.weight[t * pixels + p] = static_cast<float>(w / total[p]);
      begin = std::min(begin, static_cast<int>(p));
      end = static_cast<int>(p) + 1;
    }
    s.begin.push_back(begin);
    s.end.push_back(end);
  }
  return s;
}

void TileBlend::add(int tile, const std::vector<float>& map, int grid) {
  const size_t column = static_cast<size_t>(tile) % tiling_.left.size(),
               row = static_cast<size_t>(tile) / tiling_.left.size();
  struct Sample {
    int low, high;
    float part;
  };
  // Where a canvas pixel lies between the tile's patches, align_corners =
  // false.
  const auto sample = [&](double at, int start) {
    const double g = std::clamp((at - start) * grid / tiling_.size - 0.5, 0.0,
                                static_cast<double>(grid - 1));
    const int low = static_cast<int>(g);
    return Sample{low, std::min(low + 1, grid - 1),
                  static_cast<float>(g - low)};
  };
  std::vector<Sample> across;
  for (int x = x_.begin[column]; x < x_.end[column]; ++x)
    across.push_back(
        sample(x_.at[static_cast<size_t>(x)], tiling_.left[column]));
  const float* wx = x_.weight.data() + column * static_cast<size_t>(width_);
  for (int y = y_.begin[row]; y < y_.end[row]; ++y) {
    const Sample down = sample(y_.at[static_cast<size_t>(y)], tiling_.top[row]);
    const float wy =
        y_.weight[row * static_cast<size_t>(height_) + static_cast<size_t>(y)];
    const float *upper = map.data() + static_cast<ptrdiff_t>(down.low) * grid,
                *lower = map.data() + static_cast<ptrdiff_t>(down.high) * grid;
    float* out = sum_.data() + static_cast<ptrdiff_t>(y) * width_;
    for (int x = x_.begin[column]; x < x_.end[column]; ++x) {
      const Sample& a = across[static_cast<size_t>(x - x_.begin[column])];
      const float above =
                      upper[a.low] + (upper[a.high] - upper[a.low]) * a.part,
                  below =
                      lower[a.low] + (lower[a.high] - lower[a.low]) * a.part;
      out[x] += wx[x] * wy * (above + (below - above) * down.part);
    }
  }
}

std::vector<float> TileBlend::finish(const std::vector<float>& whole,
                                     int grid) {
  std::vector<float> up(sum_.size());
  kernels::upsample_bilinear(whole.data(), grid, grid, width_, height_,
                             up.data());
  const float* maps[] = {up.data(), sum_.data()};
  constexpr size_t kChunk = 1 << 20;  // what the kernel counts in int
  for (size_t at = 0; at < sum_.size(); at += kChunk) {
    const float* part[] = {maps[0] + at, maps[1] + at};
    kernels::harmonic_mean(part, 2,
                           static_cast<int>(std::min(kChunk, sum_.size() - at)),
                           sum_.data() + at);
  }
  return std::move(sum_);
}

}  // namespace alfa
