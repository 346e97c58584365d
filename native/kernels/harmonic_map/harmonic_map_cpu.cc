// Sums in double, where 1/0 is infinite and n/infinity is 0: the rule for
// scores of 0 needs no branch.
#include <algorithm>
#include <limits>
#include <string>

#include "error.h"
#include "kernels/harmonic_map/harmonic_map.h"

namespace alfa::kernels {

static_assert(std::numeric_limits<double>::is_iec559);

void scale_map(const float* scores, int grid, int k, float* map) {
  if (grid < 1 || k < 1 || k > grid) {
    throw Error(Code::kRange, "window scale: expected 1 to " +
                                  std::to_string(grid) + " patches but found " +
                                  std::to_string(k));
  }
  const int windows = grid - k + 1;  // per side
  std::vector<double> inverse(static_cast<size_t>(grid) * grid);
  for (int i = 0; i < windows; ++i) {
    for (int j = 0; j < windows; ++j) {
      const double term = 1.0 / static_cast<double>(scores[i * windows + j]);
      for (int y = i; y < i + k; ++y) {
        double* row = inverse.data() + static_cast<size_t>(y) * grid + j;
        for (int x = 0; x < k; ++x) row[x] += term;
      }
    }
  }
  // Windows over position p of a side of the grid: those that start at p-k+1 ..
  // p and fit.
  const auto over = [&](int p) {
    return std::min(p, windows - 1) - std::max(p - k + 1, 0) + 1;
  };
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      map[y * grid + x] = static_cast<float>(
          over(y) * over(x) / inverse[static_cast<size_t>(y) * grid + x]);
    }
  }
}

void harmonic_mean(const float* const* maps, int n, int count, float* out) {
  if (n < 1)
    throw Error(Code::kRange,
                "harmonic mean: expected at least 1 map but found " +
                    std::to_string(n));
  for (int i = 0; i < count; ++i) {
    double inverse = 0;
    for (int m = 0; m < n; ++m)
      inverse += 1.0 / static_cast<double>(maps[m][i]);
    out[i] = static_cast<float>(n / inverse);
  }
}

}  // namespace alfa::kernels
