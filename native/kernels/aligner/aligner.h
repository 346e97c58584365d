// Fine-grained aligner of one window (method sec. 6): carries the prompt directions from the global space into the
// window's. A = the global pass's values at the window's rows, B = the window pass's values, both [n, E], unit rows.
//   ridge  f' = f + (B - A)^T (A A^T + lambda I)^-1 A f      pinv  f' = B^T (A A^T + lambda I)^-1 A f
// normalised. An n x n Cholesky (n = k*k + 1), in double, whatever E is.
#pragma once
#include <cstdint>

namespace alfa::kernels {

enum class Aligner { kOff, kRidge, kPinv };

// a: A's row i is a + a_rows[i]*E; b [n, E]; direction, out [2, E]. kOff copies. lambda > 0.
// Where a direction's result is zero or not finite (all of A orthogonal to it), it is left unaligned.
void align(Aligner aligner, float lambda, const float* a, const int32_t* a_rows, const float* b, int n, int embed_dim,
           const float* direction, float* out);

}  // namespace alfa::kernels
