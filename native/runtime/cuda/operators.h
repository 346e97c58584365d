// The CUDA kernels as ONNX Runtime operators, in the domains "alfa.half" and
// "alfa.float". T is fp16 or fp32 after the domain; everything else is fp32 or
// int32. Inputs and outputs with ? may be absent.
// - GatherRows: x [*, width] T, rows [n] -> [n, width] T
// - ResidualNorm {epsilon}: x [n, width] T, weight, bias of the norm [width],
//   bias [width]?, residual [*, width] T?, rows [n]? -> [n, width] T, the sum
//   before the norm T?
// - BiasActivation {kind}: x [n, width] T, bias [width]? -> [n, width] T
// - SegmentAttention {heads, causal, values_only}: qkv [R, 3*width] T,
//   segment_bounds [T, 2], rows [T]?, bias [3*width]? -> [T, width] T. The bias
//   of the keys is not used, since it changes all scores of a query equally.
// - SegmentPool {heads}: q [S, width] T, k and v [T, width] T, segment_bounds
//   [S, 2] -> [S, width] T
// - SegmentRelevance {heads, length}, only in "alfa.float": q [S, width], k and
//   v [T, width], segment_bounds [S, 2], gradient [P, width], segment [P] ->
//   [P, length]
// - UnitRows: x [n, width] T -> [n, width] T
// - UnitRowsFloat: x [n, width] T -> [n, width] fp32
//
// Operators only launch kernels on the session's stream, so a run can be
// recorded as a CUDA graph. They check shapes. They cannot check the contents
// of rows and segment_bounds, which are in device memory.
#pragma once
#include <vector>

#include "runtime/runtime.h"

namespace alfa {

// Both domains. Created once per process and never freed.
const std::vector<const Ort::CustomOpDomain*>& cuda_operator_domains();

}  // namespace alfa
