#include <algorithm>
#include <cmath>
#include <string>

#include "error.h"
#include "kernels/resize/axis.h"

namespace alfa::kernels {
namespace {

double cubic(double x) {  // Keys' kernel, a = -0.5
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

int64_t half_to_even(int64_t twice) {  // round(twice / 2), ties to even
  const int64_t floor = twice / 2;
  return floor + (twice % 2 != 0 && floor % 2 != 0);
}

}  // namespace

Axis::Axis(int in, int64_t out, int64_t begin, int count)
    : first(count), taps(count) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(scale, 1.0);
  const double support = 2 * stretch, shrink = 1 / stretch;
  const int most =
      std::min<int64_t>(in, static_cast<int64_t>(std::ceil(support)) * 2 + 1);
  stride = (most + kBlock - 1) / kBlock * kBlock;
  weight.resize(static_cast<size_t>(count) * stride);
  high.resize(weight.size());
  low.resize(weight.size());
  std::vector<double> w(most);
  for (int i = 0; i < count; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * scale;
    const int from = static_cast<int>(std::max(center - support + 0.5, 0.0));
    const int to = static_cast<int>(
        std::min(center + support + 0.5, static_cast<double>(in)));
    double sum = 0;
    for (int x = from; x < to; ++x)
      sum += w[x - from] = cubic((x - center + 0.5) * shrink);
    first[i] = from;
    taps[i] = to - from;
    const size_t row = static_cast<size_t>(i) * stride;
    for (int t = 0; t < taps[i]; ++t) {
      const double unit = sum != 0 ? w[t] / sum : w[t];
      const int fixed =
          static_cast<int>(unit * (1 << kBits) + (unit < 0 ? -0.5 : 0.5));
      weight[row + t] = fixed;
      high[row + t] = static_cast<int16_t>(fixed >> kLowBits);
      low[row + t] = static_cast<int16_t>(fixed & ((1 << kLowBits) - 1));
    }
  }
}

void require_size(int width, int height) {
  if (width < 1 || height < 1) {
    throw Error(Code::kImageSize,
                "image size: expected at least 1 x 1 pixels but found " +
                    std::to_string(width) + " x " + std::to_string(height));
  }
}

// Only the centre of the long side is computed of a crop: a 1 x 10,000 image
// costs no more than a square one.
ResizeWindow square_window(int width, int height, int size, Fit fit) {
  require_size(width, height);
  if (fit == Fit::kSquash) return {size, size, 0, 0, size, size};
  const int64_t shorter = std::min(width, height),
                longer = std::max(width, height);
  const int64_t full = size * longer / shorter,
                start = half_to_even(full - size);
  if (width <= height) return {size, full, 0, start, size, size};
  return {full, size, start, 0, size, size};
}

Box shown_part(int width, int height, int size, Fit fit) {
  if (fit == Fit::kSquash) return {0, 0, width, height};
  const int64_t shorter = std::min(width, height),
                longer = std::max(width, height);
  const int64_t full = size * longer / shorter,
                start = half_to_even(full - size);
  const double scale = static_cast<double>(longer) / static_cast<double>(full);
  const int first =
      static_cast<int>(std::lround(static_cast<double>(start) * scale));
  const int side = std::min(static_cast<int>(std::lround(size * scale)),
                            static_cast<int>(longer) - first);
  return width <= height ? Box{0, first, width, side}
                         : Box{first, 0, side, height};
}

}  // namespace alfa::kernels
