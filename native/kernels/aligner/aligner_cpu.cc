#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/aligner/aligner.h"
#include "kernels/dot.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

// In double: windows that repeat a patch make A A^T singular, and lambda may be
// far below the rounding of floats.
ALFA_MULTIVERSION double product(const float* x, const float* y,
                                 int embed_dim) {
  return dot_in_double(x, y, embed_dim);
}

constexpr int kLanes = 8;
typedef float Floats
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));
typedef double Doubles
    __attribute__((vector_size(kLanes * sizeof(double)), aligned(8)));

// A macro, since a function that returns a vector has another ABI in every
// instruction set.
#define ALFA_WIDE(p) \
  __builtin_convertvector(*reinterpret_cast<const Floats*>(p), Doubles)

// out[l] = start[l] + sum_i weight[l][i] * (b_i - a_i), of both labels at a
// time, in double; a null `a`: b_i alone, and nothing to start from. Returns
// the squared lengths. The sums stay in registers while the rows go by.
ALFA_MULTIVERSION void combine(const float* const* a, const float* b, int n,
                               int embed_dim, const double* weight,
                               const float* start, double* out,
                               double* squares) {
  const double *w0 = weight, *w1 = weight + n;
  squares[0] = squares[1] = 0;
  int e = 0;
  Doubles length0 = {}, length1 = {};
  for (; e + kLanes <= embed_dim; e += kLanes) {
    Doubles sum0 = {}, sum1 = {};
    if (a) {
      sum0 = ALFA_WIDE(start + e);
      sum1 = ALFA_WIDE(start + embed_dim + e);
      for (int i = 0; i < n; ++i) {
        const Doubles d =
            ALFA_WIDE(b + static_cast<size_t>(i) * embed_dim + e) -
            ALFA_WIDE(a[i] + e);
        sum0 += w0[i] * d;
        sum1 += w1[i] * d;
      }
    } else {
      for (int i = 0; i < n; ++i) {
        const Doubles d = ALFA_WIDE(b + static_cast<size_t>(i) * embed_dim + e);
        sum0 += w0[i] * d;
        sum1 += w1[i] * d;
      }
    }
    *reinterpret_cast<Doubles*>(out + e) = sum0;
    *reinterpret_cast<Doubles*>(out + embed_dim + e) = sum1;
    length0 += sum0 * sum0;
    length1 += sum1 * sum1;
  }
  for (int j = 0; j < kLanes; ++j) {
    squares[0] += length0[j];
    squares[1] += length1[j];
  }
  for (; e < embed_dim; ++e) {
    double sum0 = a ? static_cast<double>(start[e]) : 0,
           sum1 = a ? static_cast<double>(start[embed_dim + e]) : 0;
    for (int i = 0; i < n; ++i) {
      const double d =
          static_cast<double>(b[static_cast<size_t>(i) * embed_dim + e]) -
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

#undef ALFA_WIDE

ALFA_MULTIVERSION void scaled(const double* in, int n, double scale,
                              float* out) {
  for (int i = 0; i < n; ++i) out[i] = static_cast<float>(in[i] * scale);
}

// m [n, n], symmetric, lower half given: becomes its Cholesky factor. False
// where it is not positive definite.
bool factor(std::vector<double>& m, int n) {
  for (int j = 0; j < n; ++j) {
    double* row_j = m.data() + static_cast<size_t>(j) * n;
    double pivot = row_j[j];
    for (int k = 0; k < j; ++k) pivot -= row_j[k] * row_j[k];
    if (!(pivot > 0)) return false;  // NaN too
    row_j[j] = std::sqrt(pivot);
    for (int i = j + 1; i < n; ++i) {
      double* row_i = m.data() + static_cast<size_t>(i) * n;
      double sum = row_i[j];
      for (int k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
      row_i[j] = sum / row_j[j];
    }
  }
  return true;
}

void solve(const std::vector<double>& m, int n, double* x) {
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < i; ++k)
      x[i] -= m[static_cast<size_t>(i) * n + k] * x[k];
    x[i] /= m[static_cast<size_t>(i) * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int k = i + 1; k < n; ++k)
      x[i] -= m[static_cast<size_t>(k) * n + i] * x[k];
    x[i] /= m[static_cast<size_t>(i) * n + i];
  }
}

// One window's solution, out of its lower half of A A^T [n, n] (spoilt), A f of
// both directions [2, n] (spoilt), and rows.
void solve_window(Aligner aligner, float lambda, std::vector<double>& gram,
                  double* side, const float* const* a, const float* b, int n,
                  int embed_dim, const float* direction, float* out) {
  const size_t width = static_cast<size_t>(embed_dim);
  double squares[2] = {};
  thread_local std::vector<double> result;
  result.resize(2 * width);
  for (int i = 0; i < n; ++i)
    gram[static_cast<size_t>(i) * n + i] += static_cast<double>(lambda);
  if (factor(gram, n)) {
    solve(gram, n, side);
    solve(gram, n, side + n);
    combine(aligner == Aligner::kRidge ? a : nullptr, b, n, embed_dim, side,
            direction, result.data(), squares);
  }
  for (size_t label = 0; label < 2; ++label) {
    if (squares[label] > 0 && std::isfinite(squares[label]))
      scaled(result.data() + label * width, embed_dim,
             1 / std::sqrt(squares[label]), out + label * width);
    else
      std::copy(direction + label * width, direction + (label + 1) * width,
                out + label * width);
  }
}

void check_lambda(float lambda) {
  if (!(lambda > 0))
    throw Error(Code::kRange,
                "aligner lambda: expected a number above 0 but found " +
                    std::to_string(lambda));
}

constexpr size_t kRowsPerTask = 16;

}  // namespace

WindowAligner::WindowAligner(Aligner aligner, float lambda, const float* a,
                             int rows, int embed_dim, const float* direction,
                             std::span<const std::span<const int32_t>> segments,
                             const ParallelFor& parallel_for)
    : aligner_(aligner),
      lambda_(lambda),
      a_(a),
      direction_(direction),
      rows_(rows),
      embed_dim_(embed_dim) {
  if (aligner == Aligner::kOff) return;
  check_lambda(lambda);
  const size_t R = static_cast<size_t>(rows),
               width = static_cast<size_t>(embed_dim);
  std::vector<uint8_t> wanted(R * R);
  for (const auto segment : segments)
    for (const int32_t i : segment)
      for (const int32_t j : segment)
        if (j <= i)
          wanted[static_cast<size_t>(i) * R + static_cast<size_t>(j)] = 1;
  gram_.resize(R * R);
  side_.resize(2 * R);
  parallel_for((R + kRowsPerTask - 1) / kRowsPerTask, [&](size_t task) {
    for (size_t i = task * kRowsPerTask;
         i < std::min(R, (task + 1) * kRowsPerTask); ++i) {
      const float* row = a + i * width;
      for (size_t j = 0; j <= i; ++j)
        if (wanted[i * R + j])
          gram_[i * R + j] = product(row, a + j * width, embed_dim);
      for (size_t label = 0; label < 2; ++label)
        side_[label * R + i] =
            product(row, direction + label * width, embed_dim);
    }
  });
}

void WindowAligner::align(std::span<const int32_t> segment, const float* b,
                          float* out) const {
  const size_t width = static_cast<size_t>(embed_dim_), n = segment.size(),
               R = static_cast<size_t>(rows_);
  if (aligner_ == Aligner::kOff) {
    std::copy(direction_, direction_ + 2 * width, out);
    return;
  }
  thread_local std::vector<double> gram, side;
  thread_local std::vector<const float*> rows;
  gram.resize(n * n);
  rows.resize(n);
  side.resize(2 * n);
  for (size_t i = 0; i < n; ++i) {
    const size_t row = static_cast<size_t>(segment[i]);
    rows[i] = a_ + row * width;
    for (size_t j = 0; j <= i; ++j) {
      const size_t other = static_cast<size_t>(segment[j]);
      gram[i * n + j] = gram_[std::max(row, other) * R + std::min(row, other)];
    }
    for (size_t label = 0; label < 2; ++label)
      side[label * n + i] = side_[label * R + row];
  }
  solve_window(aligner_, lambda_, gram, side.data(), rows.data(), b,
               static_cast<int>(n), embed_dim_, direction_, out);
}

}  // namespace alfa::kernels
