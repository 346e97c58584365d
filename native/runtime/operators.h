// Our kernels as ONNX Runtime operators of the domain "alfa":
//   SegmentAttention(qkv [R, 3*width], cu [S+1], rows [T]?) {heads, causal,
//   values_only} -> [T, width] QuantizedSegmentAttention(acc [T, 3*width],
//   row_scale [T], column_scale [3*width], bias [3*width], cu [S+1]) {heads} ->
//   [T, width] AbsorbedAttention(q [heads, S, width], x [T, width], cu [S+1])
//   {scale}
//   -> [heads, S, width] SegmentPool(q [S, width], k [T, width], v [T, width],
//   cu [S+1]) {heads} -> [S, width] SegmentRelevance(q [S, width], k [T,
//   width], v [T, width], cu [S+1], gradient [P, width], segment [P]) {heads}
//     -> [P, rows of such a segment]
#pragma once
#include "runtime/runtime.h"

namespace alfa {

// The registry, made once per process and never freed: sessions of any engine
// refer to it.
const Ort::CustomOpDomain& operators_domain();

}  // namespace alfa
