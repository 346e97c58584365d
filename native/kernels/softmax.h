// The softmax of the attention kernels, 16 lanes at a time.
#pragma once
#include <cmath>

#include "kernels/exp.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {

// 16 floats: one AVX-512 register, two of AVX2 or four of SSE. A Lanes pointer
// may point at any float (aligned(4), may_alias).
constexpr int kLanes = 16;
typedef float Lanes
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));
typedef int LaneNumbers __attribute__((vector_size(kLanes * sizeof(int))));

// `count`, rounded up to whole Lanes.
constexpr int padded(int count) {
  return (count + kLanes - 1) / kLanes * kLanes;
}

// The lanes of v in another order. These are macros because the lane numbers
// must be constants, and because a function that returns Lanes has a different
// ABI in each instruction set.
#ifdef __clang__
#define ALFA_SHUFFLE(v, ...) __builtin_shufflevector(v, v, __VA_ARGS__)
#else
#define ALFA_SHUFFLE(v, ...) __builtin_shuffle(v, LaneNumbers{__VA_ARGS__})
#endif
// Lane i becomes lane i ^ 8, i ^ 4, i ^ 2 and i ^ 1.
#define ALFA_SWAP_8(v) \
  ALFA_SHUFFLE(v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define ALFA_SWAP_4(v) \
  ALFA_SHUFFLE(v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define ALFA_SWAP_2(v) \
  ALFA_SHUFFLE(v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define ALFA_SWAP_1(v) \
  ALFA_SHUFFLE(v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)

ALFA_INLINE float largest_lane(const Lanes& lanes) {
  Lanes v = lanes;
  Lanes other = ALFA_SWAP_8(v);
  v = other > v ? other : v;
  other = ALFA_SWAP_4(v);
  v = other > v ? other : v;
  other = ALFA_SWAP_2(v);
  v = other > v ? other : v;
  other = ALFA_SWAP_1(v);
  v = other > v ? other : v;
  return v[0];
}

ALFA_INLINE float sum_of_lanes(const Lanes& lanes) {
  Lanes v = lanes;
  v += ALFA_SWAP_8(v);
  v += ALFA_SWAP_4(v);
  v += ALFA_SWAP_2(v);
  v += ALFA_SWAP_1(v);
  return v[0];
}

#undef ALFA_SWAP_8
#undef ALFA_SWAP_4
#undef ALFA_SWAP_2
#undef ALFA_SWAP_1
#undef ALFA_SHUFFLE

// The numerators of softmax(scores), in place: exp(score - largest score).
// Returns the factor that turns them into weights, 1 / their sum.
// Writes padded(count) floats. The ones from `count` on become weights that are
// too small to count.
ALFA_INLINE float softmax_numerators(float* __restrict scores, int count) {
  const int end = padded(count);
  const LaneNumbers lane{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Lanes minus_infinity = Lanes{} - INFINITY;
  Lanes largest = minus_infinity;
  for (int j = 0; j < end; j += kLanes) {
    Lanes& score = *reinterpret_cast<Lanes*>(scores + j);
    score = lane + j < count ? score : minus_infinity;
    largest = score > largest ? score : largest;
  }
  const float maximum = largest_lane(largest);
  for (int j = 0; j < end; ++j)
    scores[j] = exp_nonpositive(scores[j] - maximum);
  Lanes total{};
  for (int j = 0; j < end; j += kLanes)
    total += *reinterpret_cast<const Lanes*>(scores + j);
  return 1.0f / sum_of_lanes(total);
}

}  // namespace alfa::kernels
