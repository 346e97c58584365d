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

// A A^T (its lower half) [n, n] and A f of both directions [2, n].
ALFA_MULTIVERSION void products(const float* a, const int32_t* a_rows, int n, const float* direction, int embed_dim,
                                double* gram, double* side) {
  const size_t width = static_cast<size_t>(embed_dim);
  for (int i = 0; i < n; ++i) {
    const float* row = a + static_cast<size_t>(a_rows[i]) * width;
    for (int j = 0; j <= i; ++j) {
      gram[static_cast<size_t>(i) * n + j] = dot(row, a + static_cast<size_t>(a_rows[j]) * width, embed_dim);
    }
    side[i] = dot(row, direction, embed_dim);
    side[n + i] = dot(row, direction + width, embed_dim);
  }
}

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

}  // namespace

void align(Aligner aligner, float lambda, const float* a, const int32_t* a_rows, const float* b, int n, int embed_dim,
           const float* direction, float* out) {
  const size_t width = static_cast<size_t>(embed_dim);
  if (aligner == Aligner::kOff) {
    std::copy(direction, direction + 2 * width, out);
    return;
  }
  if (!(lambda > 0)) {
    throw Error(Code::kRange, "aligner lambda: expected a number above 0 but found " + std::to_string(lambda));
  }
  const bool ridge = aligner == Aligner::kRidge;
  std::vector<double> system(static_cast<size_t>(n) * n), side(2 * static_cast<size_t>(n)), result(width);
  products(a, a_rows, n, direction, embed_dim, system.data(), side.data());
  for (int i = 0; i < n; ++i) system[static_cast<size_t>(i) * n + i] += static_cast<double>(lambda);
  const bool solvable = factor(system, n);

  for (int label = 0; label < 2; ++label) {
    const float* f = direction + label * width;
    double squares = 0;
    if (solvable) {
      double* weight = side.data() + static_cast<size_t>(label) * n;
      solve(system, n, weight);
      for (size_t e = 0; e < width; ++e) result[e] = ridge ? static_cast<double>(f[e]) : 0.0;
      for (int i = 0; i < n; ++i) {
        add(weight[i], b + static_cast<size_t>(i) * width, ridge ? a + static_cast<size_t>(a_rows[i]) * width : nullptr,
            embed_dim, result.data());
      }
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

}  // namespace alfa::kernels
