// Fine-grained aligner of one window (method sec. 6): carries the prompt
// directions from the global space into the window's. A = the global pass's
// values at the window's rows, B = the window pass's values, both [n, E], unit
// rows.
//   ridge  f' = f + (B - A)^T (A A^T + lambda I)^-1 A f      pinv  f' = B^T (A
//   A^T + lambda I)^-1 A f
// normalised. An n x n Cholesky (n = k*k + 1), in double, whatever E is.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

enum class Aligner { kOff, kRidge, kPinv };

// Aligns the directions to the windows of a view. The products of A's rows with
// each other and with the directions are computed once for all windows, which
// is a quarter of the work of computing them for each window.
//
// kOff copies the directions. lambda > 0, else Error(kRange). If the result of
// a direction is zero or not finite (A is orthogonal to it), it stays
// unaligned.
class WindowAligner {
 public:
  // a [rows, E] is borrowed, as is direction [2, E]. segments: every window
  // that will be aligned, as row indices of a.
  WindowAligner(Aligner aligner, float lambda, const float* a, int rows,
                int embed_dim, const float* direction,
                std::span<const std::span<const int32_t>> segments,
                const ParallelFor& parallel_for);
  // b [n, E] of one of the segments -> out [2, E]. Any number of threads at a
  // time.
  void align(std::span<const int32_t> segment, const float* b,
             float* out) const;

 private:
  Aligner aligner_;
  float lambda_;
  const float *a_, *direction_;
  int rows_, embed_dim_;
  std::vector<double>
      gram_;  // [rows, rows], i >= j, where a segment holds both
  std::vector<double> side_;  // [2, rows]
};

}  // namespace alfa::kernels
