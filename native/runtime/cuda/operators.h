// Our CUDA kernels as ONNX Runtime operators, in the domains "alfa.half" and
// "alfa.float": T is fp16 or fp32, all else fp32 or int32. Inputs marked ? may
// be absent.
//   GatherRows(x [*, width] T, rows [n]) -> [n, width] T ResidualNorm(x [n,
//   width] T, gain, shift, bias?, residual? [*, width] T, rows? [n]) {epsilon}
//   -> out T, sum? T BiasActivation(x [n, width] T, bias?) {kind:
//   kernels::Activation}
//   -> [n, width] T SegmentAttention(qkv [R, 3*width] T, spans [T, 2], rows?
//   [T], bias? [3*width]) {heads, causal, values_only} -> [T, width] T
//   (attention has no use for the bias of keys: it moves all scores of a query
//   alike) SegmentPool(q [S, width] T, k, v [T, width] T, spans [S, 2]) {heads}
//   -> [S, width] T SegmentRelevance(q [S, width], k, v [T, width], spans [S,
//   2], gradient [P, width], segment [P]) {heads, length}
//                                                                           ->
//                                                                           [P,
//                                                                           length];
//                                                                           alfa.float
//                                                                           alone
//   UnitRows(x [n, width] T) -> [n, width] T      UnitRowsFloat(x [n, width] T)
//   -> [n, width] fp32
// They run on the stream that the session was opened with and never wait for
// it: a run can be captured as a graph. Shapes are checked; what rows and spans
// hold, which lies on the device, is the engine's to get right
// (engine/gpu_forward.cc).
#pragma once
#include <vector>

#include "runtime/runtime.h"

namespace alfa {

// Both registries, made once per process and never freed.
const std::vector<const Ort::CustomOpDomain*>& cuda_operator_domains();

}  // namespace alfa
