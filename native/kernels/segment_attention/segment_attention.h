// Multi-head attention over packed sequences (method sec. 2): the only operator
// that knows segments. Segment s is rows cu_seqlens[s] .. cu_seqlens[s+1];
// every query row sees the key and value rows of its own segment alone.
//   out = softmax(q k^T / sqrt(head_width)) v,   per head, fp32 throughout
// The caller brings the thread pool, so the kernel owns no thread.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

enum class Queries {
  kAll,  // every row is a query                                          q, out
         // [T, width]
  kOne,  // one query per segment (class token, end of text), which sees the
         // whole of it: q, out [segments, width]
};

struct SegmentAttention {
  const float* q;
  const float* k;                 // [T, width]
  const float* v;                 // [T, width]
  ptrdiff_t q_stride, kv_stride;  // floats from one row to the next
  const int32_t* cu_seqlens;      // [segments + 1], cu_seqlens[0] = 0, rising
  const int32_t* rows;  // [T] or null: packed row t lies at row rows[t] of k, v
                        // and (kAll) q; out is packed
  int segments, heads, head_width;
  Queries queries;
  bool causal;  // row t sees rows <= t of its segment (kAll only)
  float* out;   // rows heads*head_width apart
  // In place of q, k and v: what an 8-bit product left, [T, 3 * heads *
  // head_width], each part as wide as `out`; a number is accumulator * (row
  // scale * column scale) + bias. kAll without `rows` only.
  const int32_t* accumulators = nullptr;
  const float *row_scale = nullptr, *column_scale = nullptr,
              *bias = nullptr;  // [T], [3 * ...] each
};

void segment_attention(const SegmentAttention& task,
                       const ParallelFor& parallel_for);

}  // namespace alfa::kernels
