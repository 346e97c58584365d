#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/dot.h"
#include "kernels/multiversion.h"
#include "kernels/patch_features/patch_features.h"

namespace alfa::kernels {
namespace {

ALFA_MULTIVERSION void add(const float* __restrict from, int width,
                           float* __restrict to) {
  for (int e = 0; e < width; ++e) to[e] += from[e];
}

ALFA_MULTIVERSION void scale_to(float* row, int width, float length) {
  const double squares = dot_in_double(row, row, width);
  // In double: the factor of a row near the least floats is above the greatest.
  const double scale =
      squares > 0 ? static_cast<double>(length) / std::sqrt(squares) : 0;
  for (int e = 0; e < width; ++e)
    row[e] = static_cast<float>(static_cast<double>(row[e]) * scale);
}

}  // namespace

void standardise(const float* tokens, int grid, int width, float* out) {
  const size_t n = static_cast<size_t>(grid) * grid * width;
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(tokens[i]);
  const double mean = sum / static_cast<double>(n);
  for (size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(tokens[i]) - mean;
    squares += d * d;
  }
  const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
  for (size_t i = 0; i < n; ++i)
    out[i] =
        static_cast<float>((static_cast<double>(tokens[i]) - mean) * scale);
}

void patch_features(const float* tokens, int grid, int width, int neighbours,
                    float length, float* out, int stride) {
  if (neighbours < 1 || neighbours % 2 == 0)
    throw Error(Code::kRange,
                "neighbourhood: expected an odd number of patches but found " +
                    std::to_string(neighbours));
  const int reach = neighbours / 2;
  const size_t w = static_cast<size_t>(width);
  if (neighbours == 1) {
    for (int p = 0; p < grid * grid; ++p) {
      std::copy_n(tokens + static_cast<size_t>(p) * w, w,
                  out + static_cast<size_t>(p) * stride);
      scale_to(out + static_cast<size_t>(p) * stride, width, length);
    }
    return;
  }
  // Columns first, then rows: 2 * neighbours additions a patch.
  std::vector<float> columns(static_cast<size_t>(grid) * grid * w);
  for (int y = 0; y < grid; ++y)
    for (int x = 0; x < grid; ++x)
      for (int n = std::max(0, y - reach); n <= std::min(grid - 1, y + reach);
           ++n)
        add(tokens + static_cast<size_t>(n * grid + x) * w, width,
            columns.data() + static_cast<size_t>(y * grid + x) * w);
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      float* row = out + static_cast<size_t>(y * grid + x) * stride;
      std::fill(row, row + width, 0.0f);
      for (int n = std::max(0, x - reach); n <= std::min(grid - 1, x + reach);
           ++n)
        add(columns.data() + static_cast<size_t>(y * grid + n) * w, width, row);
      scale_to(row, width, length);
    }
  }
}

}  // namespace alfa::kernels
