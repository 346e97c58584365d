#include "kernels/row_pass/row_pass.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/exp.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

constexpr ptrdiff_t kRowsPerTask = 16;
constexpr int kLanes = 16;  // partial results: one AVX-512 register, or two of AVX2

// erf to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
ALFA_INLINE float erf_near(float z) {
  const float a = z < 0 ? -z : z;
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  const float p = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
  const float e = 1.0f - p * exp_nonpositive(-a * a);
  return z < 0 ? -e : e;
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

ALFA_INLINE void load(const RowPass& p, ptrdiff_t row, float* __restrict x) {
  const ptrdiff_t n = p.width;
  if (p.accumulators) {
    const int32_t* __restrict acc = p.accumulators + row * n;
    const float* __restrict columns = p.column_scale;
    const float scale = p.row_scale[row];
    for (ptrdiff_t i = 0; i < n; ++i) x[i] = static_cast<float>(acc[i]) * (scale * columns[i]);
  } else {
    std::copy_n(p.x + row * n, n, x);
  }
  if (p.bias) {
    const float* __restrict bias = p.bias;
    for (ptrdiff_t i = 0; i < n; ++i) x[i] += bias[i];
  }
  if (p.skip) {
    const float* __restrict skip = p.skip + row * n;
    for (ptrdiff_t i = 0; i < n; ++i) x[i] += skip[i];
  }
}

ALFA_INLINE void normalise(const RowPass& p, float* __restrict x) {
  const ptrdiff_t n = p.width, whole = n - n % kLanes;
  float lanes[kLanes] = {};
  for (ptrdiff_t i = 0; i < whole; i += kLanes)
    for (int j = 0; j < kLanes; ++j) lanes[j] += x[i + j];
  for (ptrdiff_t i = whole; i < n; ++i) lanes[i - whole] += x[i];
  const float mean = total(lanes) / static_cast<float>(n);
  std::fill_n(lanes, kLanes, 0.0f);
  for (ptrdiff_t i = 0; i < whole; i += kLanes)
    for (int j = 0; j < kLanes; ++j) lanes[j] += (x[i + j] - mean) * (x[i + j] - mean);
  for (ptrdiff_t i = whole; i < n; ++i) lanes[i - whole] += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0f / std::sqrt(total(lanes) / static_cast<float>(n) + p.epsilon);
  const float *__restrict gain = p.gain, *__restrict shift = p.shift;
  for (ptrdiff_t i = 0; i < n; ++i) x[i] = (x[i] - mean) * inverse * gain[i] + shift[i];
}

ALFA_INLINE void activate(Activation activation, float* __restrict x, ptrdiff_t n) {
  if (activation == Activation::kGelu) {
    for (ptrdiff_t i = 0; i < n; ++i) x[i] = 0.5f * x[i] * (1.0f + erf_near(x[i] * 0.70710678f));
  } else if (activation == Activation::kQuickGelu) {
    for (ptrdiff_t i = 0; i < n; ++i) x[i] *= sigmoid(1.702f * x[i]);
  }
}

ALFA_INLINE float quantise(const float* __restrict x, ptrdiff_t n, uint8_t* __restrict q) {
  const ptrdiff_t whole = n - n % kLanes;
  float largest[kLanes] = {}, poison[kLanes] = {};  // 0 * x is 0, or NaN where x is no finite number
  for (ptrdiff_t i = 0; i < whole; i += kLanes)
    for (int j = 0; j < kLanes; ++j) {
      const float a = x[i + j] < 0 ? -x[i + j] : x[i + j];
      largest[j] = a > largest[j] ? a : largest[j];
      poison[j] += 0.0f * a;
    }
  for (ptrdiff_t i = whole; i < n; ++i) {
    largest[0] = std::max(largest[0], std::fabs(x[i]));
    poison[0] += 0.0f * x[i];
  }
  const float most = *std::max_element(largest, largest + kLanes), broken = total(poison);
  if (!(broken == 0.0f)) {
    std::fill_n(q, n, kQuantisedZero);
    return broken;
  }
  const float inverse = most > 0 ? 127.0f / most : 0.0f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
  for (ptrdiff_t i = 0; i < n; ++i) {
    const float rounded = (x[i] * inverse + kRound) - kRound;
    q[i] = static_cast<uint8_t>(static_cast<int32_t>(rounded) + kQuantisedZero);
  }
  return most / 127.0f;
}

ALFA_MULTIVERSION void pass_rows(const RowPass& p, ptrdiff_t first, ptrdiff_t last, float* x) {
  for (ptrdiff_t row = first; row < last; ++row) {
    load(p, row, x);
    if (p.sum) std::copy_n(x, p.width, p.sum + row * p.width);
    if (p.gain) normalise(p, x);
    activate(p.activation, x, p.width);
    if (p.out) std::copy_n(x, p.width, p.out + row * p.width);
    if (p.quantised) p.scale[row] = quantise(x, p.width, p.quantised + row * p.width);
  }
}

}  // namespace

void row_pass(const RowPass& p, const ParallelFor& parallel_for) {
  parallel_for(static_cast<size_t>((p.rows + kRowsPerTask - 1) / kRowsPerTask), [&](size_t task) {
    thread_local std::vector<float> x;
    if (x.size() < static_cast<size_t>(p.width)) x.resize(static_cast<size_t>(p.width));
    const ptrdiff_t first = static_cast<ptrdiff_t>(task) * kRowsPerTask;
    pass_rows(p, first, std::min(first + kRowsPerTask, p.rows), x.data());
  });
}

}  // namespace alfa::kernels
