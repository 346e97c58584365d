// Absorbed attention: attention with the key and value weights moved out of the
// sum over the rows (docs/method.md, step 4). The last block uses it for its
// class rows: one query per segment and head, and the rows of the segment are
// keys and values at once.
//   w = softmax over j of (q[h][s] . x_j * scale)
//   out[h][s] = sum over j of w_j x_j
// x_j are the rows of segment s. The caller multiplies the class row's query by
// the key weights of each head before the call (q W_k), and the result by the
// value weights after it. No row is multiplied by either.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

struct AbsorbedAttention {
  const float* q;             // [heads, segments, width]
  const float* x;             // [T, width], the packed rows
  const int32_t* cu_seqlens;  // [segments + 1], from 0 to T, increasing
  int segments, heads, width;
  float scale;
  float* out;  // [heads, segments, width]; must not overlap the inputs
};

// Throws nothing. `parallel_for` runs tasks of a few segments each.
void absorbed_attention(const AbsorbedAttention& task,
                        const ParallelFor& parallel_for);

}  // namespace alfa::kernels
