// What kernels that attend share: the product of two rows, and a softmax.
#pragma once
#include <algorithm>
#include <cmath>

#include "kernels/exp.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {

// 16 partial sums: what GCC turns into one AVX-512 register or two AVX2 ones.
ALFA_INLINE float dot(const float* __restrict a, const float* __restrict b, int n) {
  float sum[16] = {};
  int i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; ++j) sum[j] += a[i + j] * b[i + j];
  for (; i < n; ++i) sum[i & 15] += a[i] * b[i];
  for (int step = 8; step > 0; step /= 2)
    for (int j = 0; j < step; ++j) sum[j] += sum[j + step];
  return sum[0];
}

// Weights from scores, largest first taken off; returns 1 / their sum.
ALFA_INLINE float soften(float* __restrict scores, int count) {
  float largest = -INFINITY;
  for (int j = 0; j < count; ++j) largest = std::max(largest, scores[j]);
  for (int j = 0; j < count; ++j) scores[j] = exp_nonpositive(scores[j] - largest);
  float total = 0;
  for (int j = 0; j < count; ++j) total += scores[j];
  return 1.0f / total;
}

}  // namespace alfa::kernels
