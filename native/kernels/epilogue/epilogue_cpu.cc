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
constexpr int kLanes =
    16;  // partial results: one AVX-512 register, or two of AVX2

// 0.5 x (1 + erf(x / sqrt 2)) to 5e-5, a hundredth of what 8 bits of a row that
// reaches 1 leave: erf(x / sqrt 2) / 2 as x times a polynomial of x^2, the best
// in x * error on [-3.1 sqrt 2, 3.1 sqrt 2] that is 1/2 at its end, where x
// stops.
ALFA_INLINE float gelu_near(float x) {
  constexpr float kEnd = 4.384062f;
  const float below = x < kEnd ? x : kEnd, t = below > -kEnd ? below : -kEnd,
              u = t * t;
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
  const float e = exp_nonpositive(x < 0 ? x : -x);  // of -|x|
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

ALFA_INLINE float total(const float* lanes) {
  float sum = 0;
  for (int j = 0; j < kLanes; ++j) sum += lanes[j];
  return sum;
}

template <bool has_bias, bool has_residual>
ALFA_INLINE void load(const Epilogue& p, ptrdiff_t row, float* __restrict x) {
  const ptrdiff_t n = p.width;
  const float* __restrict bias = p.bias, * __restrict residual =
                                             p.residual +
                                             (has_residual ? row * n : 0);
  const auto more = [&](ptrdiff_t i) {
    return (has_bias ? bias[i] : 0.0f) + (has_residual ? residual[i] : 0.0f);
  };
  if (p.accumulators) {
    const int32_t* __restrict acc = p.accumulators + row * n;
    const float* __restrict columns = p.column_scale;
    const float scale = p.row_scale[row];
    for (ptrdiff_t i = 0; i < n; ++i)
      x[i] = static_cast<float>(acc[i]) * (scale * columns[i]) + more(i);
  } else {
    const float* __restrict from = p.x + row * n;
    for (ptrdiff_t i = 0; i < n; ++i) x[i] = from[i] + more(i);
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

ALFA_INLINE void normalise(const Epilogue& p, float* __restrict x) {
  const ptrdiff_t n = p.width, whole = n - n % kLanes;
  float lanes[kLanes] = {};
  for (ptrdiff_t i = 0; i < whole; i += kLanes)
    for (int j = 0; j < kLanes; ++j) lanes[j] += x[i + j];
  for (ptrdiff_t i = whole; i < n; ++i) lanes[i - whole] += x[i];
  const float mean = total(lanes) / static_cast<float>(n);
  std::fill_n(lanes, kLanes, 0.0f);
  for (ptrdiff_t i = 0; i < whole; i += kLanes)
    for (int j = 0; j < kLanes; ++j)
      lanes[j] += (x[i + j] - mean) * (x[i + j] - mean);
  for (ptrdiff_t i = whole; i < n; ++i)
    lanes[i - whole] += (x[i] - mean) * (x[i] - mean);
  const float inverse =
      1.0f / std::sqrt(total(lanes) / static_cast<float>(n) + p.epsilon);
  const float* __restrict norm_weight = p.norm_weight, * __restrict norm_bias =
                                                           p.norm_bias;
  for (ptrdiff_t i = 0; i < n; ++i)
    x[i] = (x[i] - mean) * inverse * norm_weight[i] + norm_bias[i];
}

ALFA_INLINE void activate(Activation activation, float* __restrict x,
                          ptrdiff_t n) {
  if (activation == Activation::kGelu) {
    for (ptrdiff_t i = 0; i < n; ++i) x[i] = gelu_near(x[i]);
  } else if (activation == Activation::kQuickGelu) {
    for (ptrdiff_t i = 0; i < n; ++i) x[i] *= sigmoid(1.702f * x[i]);
  }
}

ALFA_INLINE float quantise(const float* __restrict x, ptrdiff_t n,
                           uint8_t* __restrict q) {
  // As whole numbers, magnitudes are in the order of the floats, an infinity
  // and NaNs above all others.
  int32_t largest = 0;
  for (ptrdiff_t i = 0; i < n; ++i) {
    const int32_t magnitude = std::bit_cast<int32_t>(x[i]) & 0x7fffffff;
    largest = magnitude > largest ? magnitude : largest;
  }
  if (largest >= 0x7f800000) {
    std::fill_n(q, n, kQuantisedZero);
    return std::numeric_limits<float>::quiet_NaN();
  }
  const float most = std::bit_cast<float>(largest),
              inverse = most > 0 ? 127.0f / most : 0.0f;
  // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low
  // bits.
  for (ptrdiff_t i = 0; i < n; ++i)
    q[i] = static_cast<uint8_t>(
        std::bit_cast<int32_t>(x[i] * inverse + 12582912.0f) + kQuantisedZero);
  return most / 127.0f;
}

ALFA_MULTIVERSION void pass_rows(const Epilogue& p, ptrdiff_t first,
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
  parallel_for(
      static_cast<size_t>((p.rows + kRowsPerTask - 1) / kRowsPerTask),
      [&](size_t task) {
        thread_local std::vector<float> x;
        if (x.size() < static_cast<size_t>(p.width))
          x.resize(static_cast<size_t>(p.width));
        const ptrdiff_t first = static_cast<ptrdiff_t>(task) * kRowsPerTask;
        pass_rows(p, first, std::min(first + kRowsPerTask, p.rows), x.data());
      });
}

}  // namespace alfa::kernels
