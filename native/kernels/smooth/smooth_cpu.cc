#include <algorithm>
#include <string>

#include "error.h"
#include "kernels/smooth/smooth.h"

namespace alfa::kernels {

void smooth(const float* in, int grid, int side, float* out) {
  if (side < 1 || side % 2 == 0)
    throw Error(Code::kRange,
                "smoothing: expected an odd number of patches but received " +
                    std::to_string(side) + ".");
  const int reach = side / 2;
  for (int y = 0; y < grid; ++y) {
    const int top = std::max(0, y - reach);
    const int bottom = std::min(grid - 1, y + reach);
    for (int x = 0; x < grid; ++x) {
      const int left = std::max(0, x - reach);
      const int right = std::min(grid - 1, x + reach);
      double sum = 0;
      for (int v = top; v <= bottom; ++v)
        for (int u = left; u <= right; ++u)
          sum += static_cast<double>(in[v * grid + u]);
      const int count = (bottom - top + 1) * (right - left + 1);
      out[y * grid + x] = static_cast<float>(sum / count);
    }
  }
}

}  // namespace alfa::kernels
