// Sums are in double. There 1 / 0 is infinite and n / infinity is 0, so scores
// of 0 need no branch.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/harmonic_map/harmonic_map.h"
#include "kernels/size.h"

namespace alfa::kernels {

static_assert(std::numeric_limits<double>::is_iec559);

void scale_map(const float* scores, int grid, int k, float* map) {
  if (grid < 1 || k < 1 || k > grid)
    throw Error(Code::kRange,
                "window scale: expected 1 to " + std::to_string(grid) +
                    " patches but received " + std::to_string(k) + ".");
  const int windows = grid - k + 1;  // per side
  std::vector<double> inverse_sums(to_size(grid) * to_size(grid));
  for (int i = 0; i < windows; ++i) {
    for (int j = 0; j < windows; ++j) {
      const double term = 1.0 / static_cast<double>(scores[i * windows + j]);
      for (int y = i; y < i + k; ++y) {
        double* row = inverse_sums.data() + row_offset(y, grid) + j;
        for (int x = 0; x < k; ++x) row[x] += term;
      }
    }
  }
  // Along one side of the grid, position p lies in the windows that start at
  // p - k + 1 to p, as far as they fit into the grid.
  const auto windows_over = [&](int p) {
    return std::min(p, windows - 1) - std::max(p - k + 1, 0) + 1;
  };
  const double* inverse_sum = inverse_sums.data();
  for (int y = 0; y < grid; ++y)
    for (int x = 0; x < grid; ++x)
      *map++ = static_cast<float>(windows_over(y) * windows_over(x) /
                                  *inverse_sum++);
}

void harmonic_mean(const float* const* maps, int n, int count, float* out) {
  if (n < 1)
    throw Error(Code::kRange,
                "harmonic mean: expected at least 1 map but received " +
                    std::to_string(n) + ".");
  for (int i = 0; i < count; ++i) {
    double inverse_sum = 0;
    for (int m = 0; m < n; ++m)
      inverse_sum += 1.0 / static_cast<double>(maps[m][i]);
    out[i] = static_cast<float>(n / inverse_sum);
  }
}

}  // namespace alfa::kernels
