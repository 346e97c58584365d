#include "checkpoint/resample_positions.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace alfa {
namespace {

struct Tap {
  int index;
  double weight;
};
using Taps = std::vector<Tap>;

// The cubic convolution kernel of Keys (1981).
double cubic(double x, double a) {
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

Taps plain_taps(double centre, int from) {
  const int below = static_cast<int>(std::floor(centre - 0.5));
  Taps taps;
  for (int i = below - 1; i <= below + 2; ++i)
    taps.push_back(
        {std::clamp(i, 0, from - 1), cubic(centre - 0.5 - i, -0.75)});
  return taps;
}

Taps antialias_taps(double centre, int from, double scale) {
  const double stretch = std::max(scale, 1.0), support = 2 * stretch;
  const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
  const int end = std::min(static_cast<int>(centre + support + 0.5), from);
  Taps taps;
  double sum = 0;
  for (int i = first; i < end; ++i) {
    taps.push_back({i, cubic((i + 0.5 - centre) / stretch, -0.5)});
    sum += taps.back().weight;
  }
  for (Tap& tap : taps) tap.weight /= sum;
  return taps;
}

}  // namespace

void resample_positions(const float* rows, int from, int to, int width,
                        Bicubic kind, float* out) {
  const size_t row = static_cast<size_t>(width);
  if (from == to) {
    std::copy(rows, rows + row * from * from, out);
    return;
  }
  const double scale = static_cast<double>(from) / to;
  std::vector<Taps> taps;
  for (int i = 0; i < to; ++i)
    taps.push_back(kind == Bicubic::kPlain
                       ? plain_taps(scale * (i + 0.5), from)
                       : antialias_taps(scale * (i + 0.5), from, scale));

  // One line of the new grid with the columns of the old grid.
  std::vector<double> line(row * from), sum(row);
  for (int y = 0; y < to; ++y) {
    std::fill(line.begin(), line.end(), 0.0);
    for (const Tap& tap : taps[y]) {
      const float* source = rows + row * from * tap.index;
      for (size_t i = 0; i < line.size(); ++i)
        line[i] += tap.weight * source[i];
    }
    for (int x = 0; x < to; ++x) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (const Tap& tap : taps[x])
        for (size_t c = 0; c < row; ++c)
          sum[c] += tap.weight * line[row * tap.index + c];
      std::copy(sum.begin(), sum.end(),
                out + row * (static_cast<size_t>(y) * to + x));
    }
  }
}

}  // namespace alfa
