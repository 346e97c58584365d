#include <algorithm>
#include <cmath>
#include <string>

#include "error.h"
#include "kernels/resize/axis_weights.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

// Keys' cubic convolution kernel.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// twice / 2, rounded to an integer, ties to even. twice >= 0.
int64_t half_to_even(int64_t twice) {
  const int64_t floor = twice / 2;
  const bool tie = twice % 2 != 0;
  return floor + (tie && floor % 2 != 0);
}

// The centre crop of torchvision: the longer side is resized to `full` pixels,
// of which `size` pixels from `start` on are kept.
struct Crop {
  int64_t full, start;
};
Crop centre_crop(int64_t shorter, int64_t longer, int size) {
  const int64_t full = size * longer / shorter;
  return {full, half_to_even(full - size)};
}

}  // namespace

AxisWeights::AxisWeights(int in, int64_t out, int64_t begin, int count)
    : first(to_size(count)), taps(to_size(count)) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(scale, 1.0);  // of the kernel
  const double support = 2 * stretch;
  const double shrink = 1 / stretch;
  const int max_taps = static_cast<int>(
      std::min<int64_t>(in, static_cast<int64_t>(std::ceil(support)) * 2 + 1));
  stride = (max_taps + kTapBlock - 1) / kTapBlock * kTapBlock;
  weight.resize(to_size(count) * to_size(stride));
  high.resize(weight.size());
  low.resize(weight.size());
  std::vector<double> values(to_size(max_taps));  // of the kernel
  for (size_t i = 0; i < first.size(); ++i) {
    const double output = static_cast<double>(begin + static_cast<int64_t>(i));
    const double center = (output + 0.5) * scale;
    const int from = static_cast<int>(std::max(center - support + 0.5, 0.0));
    const int to = static_cast<int>(
        std::min(center + support + 0.5, static_cast<double>(in)));
    first[i] = from;
    taps[i] = to - from;
    double sum = 0;
    for (int t = 0; t < taps[i]; ++t) {
      const double value = cubic((from + t - center + 0.5) * shrink);
      values[to_size(t)] = value;
      sum += value;
    }
    for (size_t t = 0; t < to_size(taps[i]); ++t) {
      const double unit = sum != 0 ? values[t] / sum : values[t];
      const int fixed =
          static_cast<int>(unit * (1 << kWeightBits) + (unit < 0 ? -0.5 : 0.5));
      const size_t at = i * to_size(stride) + t;
      weight[at] = fixed;
      high[at] = static_cast<int16_t>(fixed >> kLowBits);
      low[at] = static_cast<int16_t>(fixed & ((1 << kLowBits) - 1));
    }
  }
}

void require_size(int width, int height) {
  if (width < 1 || height < 1)
    throw Error(Code::kImageSize,
                "image size: expected at least 1 x 1 pixels but received " +
                    std::to_string(width) + " x " + std::to_string(height) +
                    ".");
}

// Of the longer side, only the part that the crop keeps is computed. So a 1 x
// 10,000 image costs no more than a square one.
ResizeWindow square_window(int width, int height, int size, Fit fit) {
  require_size(width, height);
  if (fit == Fit::kSquash) return {size, size, 0, 0, size, size};
  const Crop crop =
      centre_crop(std::min(width, height), std::max(width, height), size);
  if (width <= height) return {size, crop.full, 0, crop.start, size, size};
  return {crop.full, size, crop.start, 0, size, size};
}

Box visible_part(int width, int height, int size, Fit fit) {
  if (fit == Fit::kSquash) return {0, 0, width, height};
  const int longer = std::max(width, height);
  const Crop crop = centre_crop(std::min(width, height), longer, size);
  const double scale =
      static_cast<double>(longer) / static_cast<double>(crop.full);
  const auto first =
      static_cast<int>(std::lround(static_cast<double>(crop.start) * scale));
  const int side =
      std::min(static_cast<int>(std::lround(size * scale)), longer - first);
  if (width <= height) return {0, first, width, side};
  return {first, 0, side, height};
}

}  // namespace alfa::kernels
