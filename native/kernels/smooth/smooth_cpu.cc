#include <algorithm>
#include <string>

#include "error.h"
#include "kernels/smooth/smooth.h"

namespace alfa::kernels {

void smooth(const float* in, int grid, int side, float* out) {
  if (side < 1 || side % 2 == 0)
    throw Error(Code::kRange,
                "smoothing: expected an odd number of patches but found " +
                    std::to_string(side));
  const int reach = side / 2;
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      const int top = std::max(0, y - reach),
                bottom = std::min(grid - 1, y + reach);
      const int left = std::max(0, x - reach),
                right = std::min(grid - 1, x + reach);
      double sum = 0;
      for (int v = top; v <= bottom; ++v)
        for (int u = left; u <= right; ++u)
          sum += static_cast<double>(in[v * grid + u]);
      out[y * grid + x] =
          static_cast<float>(sum / ((bottom - top + 1) * (right - left + 1)));
    }
  }
}

}  // namespace alfa::kernels
