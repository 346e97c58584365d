// CUDA twin of segment_attention: the same mathematics, softmax in fp32, on
// packed rows.
//   kAll, half, heads of 32 or 64, not gathered or gathered: a warp takes 16
//   consecutive packed rows of a head as one tile of the tensor cores, whatever
//   segments they belong to, and walks the keys between the first one's
//   segment's begin and the last one's segment's end; a key of another segment
//   is masked. Short windows so share tiles. The rows of a tile share their
//   value rows: an infinity or NaN in v reaches every row of a tile that walks
//   over it. Everything else: plain CUDA cores, a warp to a query. Heads of at
//   most 256, else Error(kRange).
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cuda.h"
#include "kernels/segment_attention/segment_attention.h"

namespace alfa::kernels {

struct CudaSegmentAttention {
  Element element;
  const void* q;
  const void* k;  // rows of heads*head_width
  const void* v;
  ptrdiff_t q_stride, kv_stride;  // elements from one row to the next
  // [heads*head_width] or null: added to q and v (fp32). k's own bias shifts
  // all scores of a query alike: softmax does not see it, so there is none.
  const float* q_bias;
  const float* v_bias;
  const int32_t*
      segment_bounds;   // [T, 2] kAll: begin and end of each packed row's
                        // segment; [segments, 2] kOne: of each segment
  const int32_t* rows;  // [T] or null: packed row t lies at row rows[t] of k, v
                        // and (kAll) q; kAll only
  int queries;          // T (kAll) or segments (kOne)
  int heads, head_width;
  Queries kind;
  bool causal;  // kAll only
  void* out;    // [queries, heads*head_width]
};

void segment_attention_cuda(const CudaSegmentAttention& task,
                            CudaStream stream);

}  // namespace alfa::kernels
