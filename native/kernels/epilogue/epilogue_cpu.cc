#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/epilogue/epilogue.h"
#include "kernels/exp.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

constexpr ptrdiff_t kRowsPerTask = 16;

// Partial sums of a row: one AVX-512 register or two of AVX2.
constexpr int kSums = 16;

// GELU, x (1/2 + erf(x / sqrt(2)) / 2), with an error of at most 5e-5. That is
// a hundredth of an 8-bit step in a row that reaches 1.
//
// erf(x / sqrt(2)) / 2 is x times a polynomial in x^2. The polynomial minimises
// x * error on [-kEnd, kEnd], kEnd = 3.1 sqrt(2), and reaches 1/2 at kEnd.
// Outside of this interval erf is constant.
ALFA_INLINE float polynomial_gelu(float x) {
  constexpr float kEnd = 4.384062f;
  const float below = x < kEnd ? x : kEnd;
  const float t = below > -kEnd ? below : -kEnd;
  const float u = t * t;
  float p = 3.75572265e-11f;
  p = p * u - 3.91163338e-09f;
  p = p * u + 1.79651038e-07f;
  p = p * u - 4.83125002e-06f;
  p = p * u + 8.54838515e-05f;
  p = p * u - 1.06287919e-03f;
  p = p * u + 9.67264947e-03f;
  p = p * u - 6.61326075e-02f;
  p = p * u + 3.98801192e-01f;
  return x * (p * t + 0.5f);
}

ALFA_INLINE float sigmoid(float x) {
  const float e = exp_nonpositive(x < 0 ? x : -x);
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

ALFA_INLINE float total(const float* sums) {
  float sum = 0;
  for (int j = 0; j < kSums; ++j) sum += sums[j];
  return sum;
}

// x = input + bias + residual. The flags are template parameters so that each
// loop has no branch and becomes vector code.
template <bool has_bias, bool has_residual>
ALFA_INLINE void load(const Epilogue& p, ptrdiff_t row, float* __restrict x) {
  const ptrdiff_t n = p.width;
  const float* __restrict bias = p.bias;
  const float* __restrict residual = p.residual + (has_residual ? row * n : 0);
  const auto added = [&](ptrdiff_t i) {
    return (has_bias ? bias[i] : 0.0f) + (has_residual ? residual[i] : 0.0f);
  };
  if (p.accumulators) {
    const int32_t* __restrict accumulators = p.accumulators + row * n;
    const float* __restrict column_scale = p.column_scale;
    const float row_scale = p.row_scale[row];
    for (ptrdiff_t i = 0; i < n; ++i)
      x[i] =
          static_cast<float>(accumulators[i]) * (row_scale * column_scale[i]) +
          added(i);
  } else {
    const float* __restrict from = p.x + row * n;
    for (ptrdiff_t i = 0; i < n; ++i) x[i] = from[i] + added(i);
  }
}

ALFA_INLINE void load(const Epilogue& p, ptrdiff_t row, float* __restrict x) {
  if (p.bias && p.residual)
    load<true, true>(p, row, x);
  else if (p.bias)
    load<true, false>(p, row, x);
  else if (p.residual)
    load<false, true>(p, row, x);
  else
    load<false, false>(p, row, x);
}

// LayerNorm, in place. The mean comes first, then the variance around it, so
// that a row far from zero loses no precision.
ALFA_INLINE void normalise(const Epilogue& p, float* __restrict x) {
  const ptrdiff_t n = p.width;
  const ptrdiff_t end = n - n % kSums;
  float sums[kSums] = {};
  for (ptrdiff_t i = 0; i < end; i += kSums)
    for (int j = 0; j < kSums; ++j) sums[j] += x[i + j];
  for (ptrdiff_t i = end; i < n; ++i) sums[i - end] += x[i];
  const float mean = total(sums) / static_cast<float>(n);

  std::fill_n(sums, kSums, 0.0f);
  for (ptrdiff_t i = 0; i < end; i += kSums)
    for (int j = 0; j < kSums; ++j)
      sums[j] += (x[i + j] - mean) * (x[i + j] - mean);
  for (ptrdiff_t i = end; i < n; ++i)
    sums[i - end] += (x[i] - mean) * (x[i] - mean);
  const float inverse =
      1.0f / std::sqrt(total(sums) / static_cast<float>(n) + p.epsilon);

  const float* __restrict weight = p.norm_weight;
  const float* __restrict bias = p.norm_bias;
  for (ptrdiff_t i = 0; i < n; ++i)
    x[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
}

ALFA_INLINE void activate(Activation activation, float* __restrict x,
                          ptrdiff_t n) {
  if (activation == Activation::kGelu) {
    for (ptrdiff_t i = 0; i < n; ++i) x[i] = polynomial_gelu(x[i]);
  } else if (activation == Activation::kQuickGelu) {
    for (ptrdiff_t i = 0; i < n; ++i) x[i] *= sigmoid(1.702f * x[i]);
  }
}

// q = round(x / scale) + 128. Returns the scale.
ALFA_INLINE float quantise(const float* __restrict x, ptrdiff_t n,
                           uint8_t* __restrict q) {
  // The bits of magnitudes, read as integers, are in the order of the floats.
  // An infinity and NaNs are above all others. Integers compare without
  // special cases for NaN.
  constexpr int32_t kMagnitude = 0x7fffffff;
  constexpr int32_t kInfinity = 0x7f800000;
  int32_t largest = 0;
  for (ptrdiff_t i = 0; i < n; ++i) {
    const int32_t magnitude = std::bit_cast<int32_t>(x[i]) & kMagnitude;
    largest = magnitude > largest ? magnitude : largest;
  }
  if (largest >= kInfinity) {
    std::fill_n(q, n, kQuantisedZero);
    return std::numeric_limits<float>::quiet_NaN();
  }
  const float maximum = std::bit_cast<float>(largest);
  const float inverse = maximum > 0 ? 127.0f / maximum : 0.0f;
  // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low
  // bits.
  constexpr float kRound = 12582912.0f;
  for (ptrdiff_t i = 0; i < n; ++i)
    q[i] = static_cast<uint8_t>(
        std::bit_cast<int32_t>(x[i] * inverse + kRound) + kQuantisedZero);
  return maximum / 127.0f;
}

// Rows [first, last). x [width] is scratch memory.
ALFA_MULTIVERSION void process_rows(const Epilogue& p, ptrdiff_t first,
                                    ptrdiff_t last, float* x) {
  for (ptrdiff_t row = first; row < last; ++row) {
    load(p, row, x);
    if (p.sum) std::copy_n(x, p.width, p.sum + row * p.width);
    if (p.norm_weight) normalise(p, x);
    activate(p.activation, x, p.width);
    if (p.out) std::copy_n(x, p.width, p.out + row * p.width);
    if (p.quantised)
      p.scale[row] = quantise(x, p.width, p.quantised + row * p.width);
  }
}

}  // namespace

void epilogue(const Epilogue& p, const ParallelFor& parallel_for) {
  const auto width = static_cast<size_t>(p.width);
  const ptrdiff_t tasks = (p.rows + kRowsPerTask - 1) / kRowsPerTask;
  parallel_for(static_cast<size_t>(tasks), [&](size_t task) {
    thread_local std::vector<float> x;
    if (x.size() < width) x.resize(width);
    const ptrdiff_t first = static_cast<ptrdiff_t>(task) * kRowsPerTask;
    const ptrdiff_t last = std::min(first + kRowsPerTask, p.rows);
    process_rows(p, first, last, x.data());
  });
}

}  // namespace alfa::kernels
