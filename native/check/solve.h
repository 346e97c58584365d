// A linear solver for references. No kernel uses it.
#pragma once
#include <cmath>
#include <utility>
#include <vector>

namespace alfa::check {

// Solves m x = b by Gaussian elimination with row pivoting. m is [n, n]. x [n]
// holds b before and the solution after.
inline void solve(std::vector<double> m, int n, std::vector<double>& x) {
  for (int c = 0; c < n; ++c) {
    int pivot = c;
    for (int r = c; r < n; ++r)
      pivot = std::abs(m[r * n + c]) > std::abs(m[pivot * n + c]) ? r : pivot;
    for (int k = 0; k < n; ++k) std::swap(m[c * n + k], m[pivot * n + k]);
    std::swap(x[c], x[pivot]);
    for (int r = c + 1; r < n; ++r) {
      const double factor = m[r * n + c] / m[c * n + c];
      if (factor == 0) continue;
      for (int k = c; k < n; ++k) m[r * n + k] -= factor * m[c * n + k];
      x[r] -= factor * x[c];
    }
  }
  for (int r = n - 1; r >= 0; --r) {
    for (int k = r + 1; k < n; ++k) x[r] -= m[r * n + k] * x[k];
    x[r] /= m[r * n + r];
  }
}

}  // namespace alfa::check
