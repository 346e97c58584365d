#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/aligner/aligner.h"
#include "kernels/dot.h"
#include "kernels/multiversion.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

constexpr size_t kRowsPerTask = 16;

ALFA_MULTIVERSION double dot_product(const float* x, const float* y,
                                     int embed_dim) {
  return dot_in_double(x, y, embed_dim);
}

constexpr int kLanes = 8;
typedef float Floats
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));
typedef double Doubles
    __attribute__((vector_size(kLanes * sizeof(double)), aligned(8)));

// kLanes floats at p, as doubles. A macro, because a function that returns a
// vector has a different ABI in each instruction set.
#define ALFA_DOUBLES_AT(p) \
  __builtin_convertvector(*reinterpret_cast<const Floats*>(p), Doubles)

// For both directions l:
//   out[l] = start[l] + sum over i of weight[l][i] * (b_i - a_i)   (ridge)
//   out[l] = sum over i of weight[l][i] * b_i                      (a is null)
// and squares[l] = |out[l]|^2. weight [2, n], start and out [2, E]. The sums of
// some columns stay in registers while all rows pass.
ALFA_MULTIVERSION void combine(const float* const* a, const float* b, int n,
                               int embed_dim, const double* weight,
                               const float* start, double* out,
                               double* squares) {
  const double* w0 = weight;
  const double* w1 = weight + n;
  squares[0] = squares[1] = 0;
  int e = 0;
  Doubles squares0 = {}, squares1 = {};
  for (; e + kLanes <= embed_dim; e += kLanes) {
    Doubles sum0 = {}, sum1 = {};
    if (a) {
      sum0 = ALFA_DOUBLES_AT(start + e);
      sum1 = ALFA_DOUBLES_AT(start + embed_dim + e);
      for (int i = 0; i < n; ++i) {
        const Doubles d = ALFA_DOUBLES_AT(b + row_offset(i, embed_dim) + e) -
                          ALFA_DOUBLES_AT(a[i] + e);
        sum0 += w0[i] * d;
        sum1 += w1[i] * d;
      }
    } else {
      for (int i = 0; i < n; ++i) {
        const Doubles d = ALFA_DOUBLES_AT(b + row_offset(i, embed_dim) + e);
        sum0 += w0[i] * d;
        sum1 += w1[i] * d;
      }
    }
    *reinterpret_cast<Doubles*>(out + e) = sum0;
    *reinterpret_cast<Doubles*>(out + embed_dim + e) = sum1;
    squares0 += sum0 * sum0;
    squares1 += sum1 * sum1;
  }
  for (int j = 0; j < kLanes; ++j) {
    squares[0] += squares0[j];
    squares[1] += squares1[j];
  }
  for (; e < embed_dim; ++e) {
    double sum0 = a ? static_cast<double>(start[e]) : 0;
    double sum1 = a ? static_cast<double>(start[embed_dim + e]) : 0;
    for (int i = 0; i < n; ++i) {
      const double d = static_cast<double>(b[row_offset(i, embed_dim) + e]) -
                       (a ? static_cast<double>(a[i][e]) : 0.0);
      sum0 += w0[i] * d;
      sum1 += w1[i] * d;
    }
    out[e] = sum0;
    out[embed_dim + e] = sum1;
    squares[0] += sum0 * sum0;
    squares[1] += sum1 * sum1;
  }
}

#undef ALFA_DOUBLES_AT

ALFA_MULTIVERSION void scale_to_float(const double* in, int n, double scale,
                                      float* out) {
  for (int i = 0; i < n; ++i) out[i] = static_cast<float>(in[i] * scale);
}

// Replaces the lower half of the symmetric m [n, n] by its Cholesky factor.
// False where m is not positive definite.
bool factorise(double* m, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    double* row_j = m + j * n;
    double pivot = row_j[j];
    for (size_t k = 0; k < j; ++k) pivot -= row_j[k] * row_j[k];
    if (!(pivot > 0)) return false;  // NaN too
    row_j[j] = std::sqrt(pivot);
    for (size_t i = j + 1; i < n; ++i) {
      double* row_i = m + i * n;
      double sum = row_i[j];
      for (size_t k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
      row_i[j] = sum / row_j[j];
    }
  }
  return true;
}

// Solves L L^T y = x in place, where L is the factor in the lower half of m.
void solve(const double* m, size_t n, double* x) {
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= m[i * n + k] * x[k];
    x[i] /= m[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) x[i] -= m[k * n + i] * x[k];
    x[i] /= m[i * n + i];
  }
}

}  // namespace

WindowAligner::WindowAligner(Aligner aligner, float lambda, const float* a,
                             int rows, int embed_dim, const float* direction,
                             std::span<const std::span<const int32_t>> windows,
                             const ParallelFor& parallel_for)
    : aligner_(aligner),
      lambda_(lambda),
      a_(a),
      direction_(direction),
      rows_(to_size(rows)),
      embed_dim_(to_size(embed_dim)) {
  if (aligner == Aligner::kOff) return;
  if (!(lambda > 0))
    throw Error(Code::kRange,
                "aligner lambda: expected a number above 0 but received " +
                    std::to_string(lambda) + ".");
  std::vector<uint8_t> used(rows_ * rows_);
  for (const auto window : windows)
    for (const int32_t i : window)
      for (const int32_t j : window)
        if (j <= i) used[to_size(i) * rows_ + to_size(j)] = 1;
  gram_.resize(rows_ * rows_);
  along_.resize(2 * rows_);
  parallel_for((rows_ + kRowsPerTask - 1) / kRowsPerTask, [&](size_t task) {
    const size_t end = std::min(rows_, (task + 1) * kRowsPerTask);
    for (size_t i = task * kRowsPerTask; i < end; ++i) {
      const float* row = a + i * embed_dim_;
      for (size_t j = 0; j <= i; ++j)
        if (used[i * rows_ + j])
          gram_[i * rows_ + j] =
              dot_product(row, a + j * embed_dim_, embed_dim);
      for (size_t label = 0; label < 2; ++label)
        along_[label * rows_ + i] =
            dot_product(row, direction + label * embed_dim_, embed_dim);
    }
  });
}

void WindowAligner::align(std::span<const int32_t> window, const float* b,
                          float* out) const {
  if (aligner_ == Aligner::kOff) {
    std::copy_n(direction_, 2 * embed_dim_, out);
    return;
  }
  const size_t n = window.size();
  const int width = static_cast<int>(embed_dim_);
  thread_local std::vector<const float*> a;  // the window's rows of A
  thread_local std::vector<double> system;   // A A^T + lambda I, lower half
  thread_local std::vector<double> weights;  // [2, n], A f, then the solution
  thread_local std::vector<double> aligned;  // [2, E], f' before it is scaled
  a.resize(n);
  system.resize(n * n);
  weights.resize(2 * n);
  aligned.resize(2 * embed_dim_);
  for (size_t i = 0; i < n; ++i) {
    const size_t row = to_size(window[i]);
    a[i] = a_ + row * embed_dim_;
    for (size_t j = 0; j <= i; ++j) {
      const size_t other = to_size(window[j]);
      system[i * n + j] =
          gram_[std::max(row, other) * rows_ + std::min(row, other)];
    }
    system[i * n + i] += static_cast<double>(lambda_);
    for (size_t label = 0; label < 2; ++label)
      weights[label * n + i] = along_[label * rows_ + row];
  }

  double squares[2] = {};
  if (factorise(system.data(), n)) {
    solve(system.data(), n, weights.data());
    solve(system.data(), n, weights.data() + n);
    combine(aligner_ == Aligner::kRidge ? a.data() : nullptr, b,
            static_cast<int>(n), width, weights.data(), direction_,
            aligned.data(), squares);
  }
  for (size_t label = 0; label < 2; ++label) {
    const size_t first = label * embed_dim_;
    if (squares[label] > 0 && std::isfinite(squares[label]))
      scale_to_float(aligned.data() + first, width,
                     1 / std::sqrt(squares[label]), out + first);
    else
      std::copy_n(direction_ + first, embed_dim_, out + first);
  }
}

}  // namespace alfa::kernels
