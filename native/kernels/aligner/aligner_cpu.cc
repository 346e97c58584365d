#include "kernels/aligner/aligner.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

// In double: windows that repeat a patch make A A^T singular, and lambda may be far below the rounding of floats.
ALFA_INLINE double dot(const float* __restrict x, const float* __restrict y, int n) {
  double sum[8] = {};
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int j = 0; j < 8; ++j) sum[j] += static_cast<double>(x[i + j]) * static_cast<double>(y[i + j]);
  }
  for (; i < n; ++i) sum[0] += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

ALFA_MULTIVERSION double product(const float* x, const float* y, int embed_dim) { return dot(x, y, embed_dim); }

// sum += weight * (to - from), or weight * to where from is null.
ALFA_MULTIVERSION void add(double weight, const float* __restrict to, const float* __restrict from, int embed_dim,
                           double* __restrict sum) {
  if (from) {
    for (int e = 0; e < embed_dim; ++e) sum[e] += weight * (static_cast<double>(to[e]) - static_cast<double>(from[e]));
  } else {
    for (int e = 0; e < embed_dim; ++e) sum[e] += weight * static_cast<double>(to[e]);
  }
}

// m [n, n], symmetric, lower half given: becomes its Cholesky factor. False where it is not positive definite.
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
    for (int k = 0; k < i; ++k) x[i] -= m[static_cast<size_t>(i) * n + k] * x[k];
    x[i] /= m[static_cast<size_t>(i) * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int k = i + 1; k < n; ++k) x[i] -= m[static_cast<size_t>(k) * n + i] * x[k];
    x[i] /= m[static_cast<size_t>(i) * n + i];
  }
}

// One window's solution, out of its lower half of A A^T [n, n] (spoilt), A f of both directions [2, n] (spoilt), and rows.
template <typename RowOfA>
void solve_window(Aligner aligner, float lambda, std::vector<double>& gram, double* side, const RowOfA& row_of_a, const float* b,
                  int n, int embed_dim, const float* direction, float* out) {
  const size_t width = static_cast<size_t>(embed_dim);
  const bool ridge = aligner == Aligner::kRidge;
  thread_local std::vector<double> result;
  result.resize(width);
  for (int i = 0; i < n; ++i) gram[static_cast<size_t>(i) * n + i] += static_cast<double>(lambda);
  const bool solvable = factor(gram, n);
  for (int label = 0; label < 2; ++label) {
    const float* f = direction + label * width;
    double squares = 0;
    if (solvable) {
      double* weight = side + static_cast<size_t>(label) * n;
      solve(gram, n, weight);
      for (size_t e = 0; e < width; ++e) result[e] = ridge ? static_cast<double>(f[e]) : 0.0;
      for (int i = 0; i < n; ++i) add(weight[i], b + static_cast<size_t>(i) * width, ridge ? row_of_a(i) : nullptr, embed_dim, result.data());
      for (const double r : result) squares += r * r;
    }
    if (squares > 0 && std::isfinite(squares)) {
      const double scale = 1 / std::sqrt(squares);
      for (size_t e = 0; e < width; ++e) out[label * width + e] = static_cast<float>(result[e] * scale);
    } else {
      std::copy(f, f + width, out + label * width);
    }
  }
}

void check_lambda(float lambda) {
  if (!(lambda > 0)) throw Error(Code::kRange, "aligner lambda: expected a number above 0 but found " + std::to_string(lambda));
}

constexpr size_t kRowsPerTask = 16;

}  // namespace

void align(Aligner aligner, float lambda, const float* a, const int32_t* a_rows, const float* b, int n, int embed_dim,
           const float* direction, float* out) {
  const size_t width = static_cast<size_t>(embed_dim);
  if (aligner == Aligner::kOff) {
    std::copy(direction, direction + 2 * width, out);
    return;
  }
  check_lambda(lambda);
  const auto row = [&](int i) { return a + static_cast<size_t>(a_rows[i]) * width; };
  std::vector<double> gram(static_cast<size_t>(n) * n), side(2 * static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j <= i; ++j) gram[static_cast<size_t>(i) * n + j] = product(row(i), row(j), embed_dim);
    for (int label = 0; label < 2; ++label) side[static_cast<size_t>(label) * n + i] = product(row(i), direction + label * width, embed_dim);
  }
  solve_window(aligner, lambda, gram, side.data(), row, b, n, embed_dim, direction, out);
}

WindowAligner::WindowAligner(Aligner aligner, float lambda, const float* a, int rows, int embed_dim, const float* direction,
                             std::span<const std::span<const int32_t>> segments, const ParallelFor& parallel_for)
    : aligner_(aligner), lambda_(lambda), a_(a), direction_(direction), rows_(rows), embed_dim_(embed_dim) {
  if (aligner == Aligner::kOff) return;
  check_lambda(lambda);
  const size_t R = static_cast<size_t>(rows), width = static_cast<size_t>(embed_dim);
  std::vector<uint8_t> wanted(R * R);
  for (const auto segment : segments)
    for (const int32_t i : segment)
      for (const int32_t j : segment)
        if (j <= i) wanted[static_cast<size_t>(i) * R + static_cast<size_t>(j)] = 1;
  gram_.resize(R * R);
  side_.resize(2 * R);
  parallel_for((R + kRowsPerTask - 1) / kRowsPerTask, [&](size_t task) {
    for (size_t i = task * kRowsPerTask; i < std::min(R, (task + 1) * kRowsPerTask); ++i) {
      const float* row = a + i * width;
      for (size_t j = 0; j <= i; ++j)
        if (wanted[i * R + j]) gram_[i * R + j] = product(row, a + j * width, embed_dim);
      for (size_t label = 0; label < 2; ++label) side_[label * R + i] = product(row, direction + label * width, embed_dim);
    }
  });
}

void WindowAligner::align(std::span<const int32_t> segment, const float* b, float* out) const {
  const size_t width = static_cast<size_t>(embed_dim_), n = segment.size(), R = static_cast<size_t>(rows_);
  if (aligner_ == Aligner::kOff) {
    std::copy(direction_, direction_ + 2 * width, out);
    return;
  }
  thread_local std::vector<double> gram, side;
  gram.resize(n * n);
  side.resize(2 * n);
  for (size_t i = 0; i < n; ++i) {
    const size_t row = static_cast<size_t>(segment[i]);
    for (size_t j = 0; j <= i; ++j) {
      const size_t other = static_cast<size_t>(segment[j]);
      gram[i * n + j] = gram_[std::max(row, other) * R + std::min(row, other)];
    }
    for (size_t label = 0; label < 2; ++label) side[label * n + i] = side_[label * R + row];
  }
  const auto row_of_a = [&](int i) { return a_ + static_cast<size_t>(segment[static_cast<size_t>(i)]) * width; };
  solve_window(aligner_, lambda_, gram, side.data(), row_of_a, b, static_cast<int>(n), embed_dim_, direction_, out);
}

}  // namespace alfa::kernels
