// Segment attention on CUDA: the same mathematics on packed rows, with the
// softmax in fp32.
//
// Two kernels:
// - Tensor cores: fp16, Queries::kAll, heads of 32 or 64. A warp takes 16
//   consecutive packed rows of a head as one tile, whatever segments they
//   belong to, so that short windows share tiles. It walks through the keys
//   from the first row's segment to the last row's segment and masks keys of
//   other segments. All rows of a tile multiply the same values: an infinity or
//   NaN in v reaches every row of each tile that walks over it.
// - CUDA cores, a warp to a query: everything else.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cuda.h"
#include "kernels/segment_attention/segment_attention.h"

namespace alfa::kernels {

// width = heads * head_width. T is the number of packed rows.
struct CudaSegmentAttention {
  Element element;  // of q, k, v and out
  const void* q;
  const void* k;  // rows of `width` elements
  const void* v;
  ptrdiff_t q_stride, kv_stride;  // elements from one row to the next

  // [width] or null, fp32: added to q and to v. k needs no bias: it would shift
  // all scores of a query by the same number, which softmax ignores.
  const float* q_bias;
  const float* v_bias;

  // The first row of a segment and the row after its last one: [T, 2] of each
  // packed row's segment (kAll), or [segments, 2] of each segment (kOne).
  const int32_t* segment_bounds;
  // [T] or null. Packed row t is row rows[t] of k and v, and of q. kAll only.
  const int32_t* rows;
  int queries;  // T (kAll) or segments (kOne)
  int heads, head_width;
  Queries kind;
  bool causal;  // kAll only
  void* out;    // [queries, width]
};

// Throws Error(kRange) for heads of more than 256 elements.
void segment_attention_cuda(const CudaSegmentAttention& task,
                            CudaStream stream);

}  // namespace alfa::kernels
