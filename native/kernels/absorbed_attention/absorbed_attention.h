// Attention in which a segment's own rows are keys and values at once, one
// query to a segment and head:
//   out[h][s] = sum over j of w_j x_j,   w = softmax over j of (q[h][s] . x_j *
//   scale),   x_j the rows of segment s
// What the last block needs of keys and values for its class rows alone
// (docs/method.md: forward): with a head's key weights in the query and its
// value weights applied to the result, no row is multiplied by either.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

struct AbsorbedAttention {
  const float* q;             // [heads, segments, width]
  const float* x;             // [T, width]
  const int32_t* cu_seqlens;  // [segments + 1], cu_seqlens[0] = 0, rising
  int segments, heads, width;
  float scale;
  float* out;  // [heads, segments, width]
};

void absorbed_attention(const AbsorbedAttention& task,
                        const ParallelFor& parallel_for);

}  // namespace alfa::kernels
