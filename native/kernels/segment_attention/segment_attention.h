// Segment attention: multi-head attention over packed segments (docs/method.md,
// steps 3 and 4). It is the only operator that knows the segments. Segment s is
// the rows cu_seqlens[s] to cu_seqlens[s+1] (exclusive), and a query sees the
// keys and values of its own segment only. For each head, in fp32:
//   out = softmax(q k^T / sqrt(head_width)) v
// width = heads * head_width. T is the number of packed rows.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

enum class Queries {
  kAll,  // every row is a query: q, out [T, width]
  kOne,  // one query per segment (class token, end of text), which sees the
         // whole segment: q, out [segments, width]
};

struct SegmentAttention {
  const float* q;
  const float* k;                 // [T, width]
  const float* v;                 // [T, width]
  ptrdiff_t q_stride, kv_stride;  // floats from one row to the next
  const int32_t* cu_seqlens;      // [segments + 1], from 0 to T, increasing
  // [T] or null. Packed row t is row rows[t] of k and v, and of q with kAll.
  // The output is packed.
  const int32_t* rows;
  int segments, heads, head_width;
  Queries queries;
  bool causal;  // kAll: a row sees only itself and the rows before it
  float* out;   // rows are `width` floats apart; must not overlap the inputs

  // The input may be the accumulators of an 8-bit matmul instead of q, k and v:
  // [T, 3 * width], q, k and v side by side. A number is accumulator *
  // (row_scale * column_scale) + bias. With kAll only, and without `rows`.
  const int32_t* accumulators = nullptr;
  const float* row_scale = nullptr;     // [T]
  const float* column_scale = nullptr;  // [3 * width]
  const float* bias = nullptr;          // [3 * width]
};

// Throws nothing. `parallel_for` runs tasks of one head and a few segments
// each.
void segment_attention(const SegmentAttention& task,
                       const ParallelFor& parallel_for);

}  // namespace alfa::kernels
