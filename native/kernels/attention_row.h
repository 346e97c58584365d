// What kernels that attend share: the product of two rows, and a softmax.
#pragma once
#include <cmath>

#include "kernels/exp.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {

// 16 partial sums: what GCC turns into one AVX-512 register or two AVX2 ones.
ALFA_INLINE float dot(const float* __restrict a, const float* __restrict b,
                      int n) {
  float sum[16] = {};
  int i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; ++j) sum[j] += a[i + j] * b[i + j];
  for (; i < n; ++i) sum[i & 15] += a[i] * b[i];
  for (int step = 8; step > 0; step /= 2)
    for (int j = 0; j < step; ++j) sum[j] += sum[j + step];
  return sum[0];
}

constexpr int kLanes = 16;  // one AVX-512 register, two of AVX2 or four of SSE
constexpr int padded(int count) {
  return (count + kLanes - 1) / kLanes * kLanes;
}
typedef float Lanes
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(4),
                   may_alias));  // where a float may lie
typedef int LaneNumbers __attribute__((vector_size(kLanes * sizeof(int))));

#ifdef __clang__
#define ALFA_LANES_OF(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define ALFA_LANES_OF(v, ...) __builtin_shuffle(v, LaneNumbers{__VA_ARGS__})
#endif
// The lanes of v, halves swapped, quarters within each half, and so on.
#define ALFA_HALVES(v) \
  ALFA_LANES_OF(v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define ALFA_QUARTERS(v) \
  ALFA_LANES_OF(v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define ALFA_EIGHTHS(v) \
  ALFA_LANES_OF(v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define ALFA_PAIRS(v) \
  ALFA_LANES_OF(v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)

ALFA_INLINE float largest_lane(const Lanes& lanes) {
  Lanes v = lanes, other = ALFA_HALVES(v);
  v = other > v ? other : v;
  other = ALFA_QUARTERS(v);
  v = other > v ? other : v;
  other = ALFA_EIGHTHS(v);
  v = other > v ? other : v;
  other = ALFA_PAIRS(v);
  v = other > v ? other : v;
  return v[0];
}
ALFA_INLINE float sum_of_lanes(const Lanes& lanes) {
  Lanes v = lanes;
  v += ALFA_HALVES(v);
  v += ALFA_QUARTERS(v);
  v += ALFA_EIGHTHS(v);
  v += ALFA_PAIRS(v);
  return v[0];
}

#undef ALFA_HALVES
#undef ALFA_QUARTERS
#undef ALFA_EIGHTHS
#undef ALFA_PAIRS
#undef ALFA_LANES_OF

// Weights from scores, largest first taken off; returns 1 / their sum. Whole
// registers at a time: up to padded(count) is written, past `count` with
// weights that count for nothing.
ALFA_INLINE float soften(float* __restrict scores, int count) {
  const int whole = padded(count);
  const LaneNumbers lane{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Lanes none = Lanes{} - INFINITY;
  Lanes largest = none, total{};
  for (int j = 0; j < whole; j += kLanes) {
    Lanes& score = *reinterpret_cast<Lanes*>(scores + j);
    score = lane + j < count ? score : none;
    largest = score > largest ? score : largest;
  }
  const float most = largest_lane(largest);
  for (int j = 0; j < whole; ++j) scores[j] = exp_nonpositive(scores[j] - most);
  for (int j = 0; j < whole; j += kLanes)
    total += *reinterpret_cast<const Lanes*>(scores + j);
  return 1.0f / sum_of_lanes(total);
}

}  // namespace alfa::kernels
