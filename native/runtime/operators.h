// Our kernels as ONNX Runtime operators of the domain "alfa":
//   SegmentAttention(qkv [R, 3*width], cu [S+1], rows [T]?) {heads, causal, values_only} -> [T, width]
//   SegmentPool(q [S, width], k [T, width], v [T, width], cu [S+1]) {heads} -> [S, width]
//   SegmentRelevance(q [S, width], k [T, width], v [T, width], cu [S+1], gradient [P, width], segment [P]) {heads}
//     -> [P, rows of such a segment]
#pragma once
#include "runtime/runtime.h"

namespace alfa {

// The registry, made once per process and never freed: sessions of any engine refer to it.
const Ort::CustomOpDomain& operators_domain();

}  // namespace alfa
