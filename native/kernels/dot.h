// Dot products of two rows.
//
// Each function adds into several partial sums, so that the compiler can keep
// them in the lanes of vector registers without reordering additions. The
// number of partial sums and the order in which they are added are the same on
// every CPU. Only fused multiply-add, where the CPU has it, changes the last
// bits.
#pragma once
#include "kernels/multiversion.h"

namespace alfa::kernels {

// Where the last n % 16 products of `dot` go. The two orders round differently.
// Every kernel keeps its order, so that its results keep their bits.
enum class Tail {
  kAllSums,   // one to each partial sum, from the first on
  kFirstSum,  // all to the first partial sum
};

// a . b in fp32, with 16 partial sums: one AVX-512 register or two of AVX2.
template <Tail tail>
ALFA_INLINE float dot(const float* __restrict a, const float* __restrict b,
                      int n) {
  float sum[16] = {};
  int i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; ++j) sum[j] += a[i + j] * b[i + j];
  for (; i < n; ++i) sum[tail == Tail::kAllSums ? i & 15 : 0] += a[i] * b[i];
  for (int half = 8; half > 0; half /= 2)
    for (int j = 0; j < half; ++j) sum[j] += sum[j + half];
  return sum[0];
}

// a . b in double, with 8 partial sums.
ALFA_INLINE double dot_in_double(const float* __restrict a,
                                 const float* __restrict b, int n) {
  double sum[8] = {};
  int i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; ++j)
      sum[j] += static_cast<double>(a[i + j]) * static_cast<double>(b[i + j]);
  for (; i < n; ++i)
    sum[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) +
         ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

}  // namespace alfa::kernels
