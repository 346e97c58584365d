// The fine-grained aligner (docs/method.md, step 8; paper sec. 4.3). It moves
// the two prompt directions from the space of the whole image into the space of
// a window.
//
// For a window of n rows and a direction f:
// - A [n, E]: the values of the whole image at the window's rows
// - B [n, E]: the values of the window's own rows
// - ridge: f' = f + (B - A)^T (A A^T + lambda I)^-1 A f
// - pinv:  f' = B^T (A A^T + lambda I)^-1 A f
// All rows have unit length, and so does the result. The n x n system (n = k k
// + 1 for a k x k window with a class row) is solved by Cholesky's method, in
// double: a window that repeats a patch makes A A^T singular, and lambda may be
// far below the rounding of floats.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

enum class Aligner { kOff, kRidge, kPinv };

// Aligns the directions to many windows of one image. Products that windows
// share (of A's rows with each other and with the directions) are computed
// once. That is a quarter of the work of computing them for each window.
class WindowAligner {
 public:
  // - lambda: above 0, else throws Error(kRange); not checked with kOff
  // - a [rows, E]: the values of the whole image; borrowed
  // - direction [2, E]: normal, abnormal; borrowed
  // - windows: every window that will be aligned, as row indices of a
  WindowAligner(Aligner aligner, float lambda, const float* a, int rows,
                int embed_dim, const float* direction,
                std::span<const std::span<const int32_t>> windows,
                const ParallelFor& parallel_for);

  // window: one of the constructor's windows, as n row indices of a; b [n, E]:
  // its own values; out [2, E]. Copies the directions with kOff. Where f' is
  // zero or not finite (f is orthogonal to all rows of A), out is f.
  // Any number of threads may call it at the same time.
  void align(std::span<const int32_t> window, const float* b, float* out) const;

 private:
  Aligner aligner_;
  float lambda_;
  const float* a_;
  const float* direction_;
  size_t rows_, embed_dim_;
  // Products of two rows i >= j [rows, rows]. Only those that a window holds
  // both rows of are set.
  std::vector<double> gram_;
  std::vector<double> along_;  // [2, rows], A f of each direction
};

}  // namespace alfa::kernels
