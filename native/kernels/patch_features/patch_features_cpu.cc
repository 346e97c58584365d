#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/dot.h"
#include "kernels/multiversion.h"
#include "kernels/patch_features/patch_features.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

ALFA_MULTIVERSION void add(const float* __restrict from, int width,
                           float* __restrict to) {
  for (int e = 0; e < width; ++e) to[e] += from[e];
}

ALFA_MULTIVERSION void scale_to_length(float* row, int width, float length) {
  const double squares = dot_in_double(row, row, width);
  // In double: for a row near the smallest floats, the factor is larger than
  // the largest float.
  const double scale =
      squares > 0 ? static_cast<double>(length) / std::sqrt(squares) : 0;
  for (int e = 0; e < width; ++e)
    row[e] = static_cast<float>(static_cast<double>(row[e]) * scale);
}

}  // namespace

void standardise(const float* tokens, int grid, int width, float* out) {
  const size_t n = to_size(grid) * to_size(grid) * to_size(width);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += static_cast<double>(tokens[i]);
  const double mean = sum / static_cast<double>(n);
  double squares = 0;
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
    throw Error(
        Code::kRange,
        "neighbourhood: expected an odd number of patches but received " +
            std::to_string(neighbours) + ".");
  if (neighbours == 1) {
    for (int p = 0; p < grid * grid; ++p) {
      float* row = out + row_offset(p, stride);
      std::copy_n(tokens + row_offset(p, width), width, row);
      scale_to_length(row, width, length);
    }
    return;
  }
  // Sums along columns first, then sums of these along rows: 2 * neighbours
  // additions for a patch instead of neighbours^2.
  const int reach = neighbours / 2;
  std::vector<float> columns(to_size(grid) * to_size(grid) * to_size(width));
  for (int y = 0; y < grid; ++y) {
    const int top = std::max(0, y - reach);
    const int bottom = std::min(grid - 1, y + reach);
    for (int x = 0; x < grid; ++x) {
      float* sum = columns.data() + row_offset(y * grid + x, width);
      for (int n = top; n <= bottom; ++n)
        add(tokens + row_offset(n * grid + x, width), width, sum);
    }
  }
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      const int left = std::max(0, x - reach);
      const int right = std::min(grid - 1, x + reach);
      float* row = out + row_offset(y * grid + x, stride);
      std::fill_n(row, width, 0.0f);
      for (int n = left; n <= right; ++n)
        add(columns.data() + row_offset(y * grid + n, width), width, row);
      scale_to_length(row, width, length);
    }
  }
}

}  // namespace alfa::kernels
