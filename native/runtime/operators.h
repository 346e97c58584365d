// Our kernels as ONNX Runtime CPU operators, in the domain "alfa". R rows are
// packed to T rows in S segments; width = heads * head_width. Data are fp32,
// indices int32.
//
// SegmentAttention: kernels/segment_attention, every row a query.
// - inputs: qkv [R, 3*width], cu_seqlens [S+1], rows [T] (optional)
// - attributes: heads, causal, values_only (queries and keys are the values)
// - output: [T, width]
//
// QuantizedSegmentAttention: the same from the accumulators of an 8-bit matmul.
// - inputs: accumulators [T, 3*width] int32, row_scale [T], column_scale
//   [3*width], bias [3*width], cu_seqlens [S+1]
// - attributes: heads
// - output: [T, width]
//
// SegmentPool: kernels/segment_attention, one query per segment.
// - inputs: q [S, width], k [T, width], v [T, width], cu_seqlens [S+1]
// - attributes: heads
// - output: [S, width]
//
// AbsorbedAttention: kernels/absorbed_attention.
// - inputs: q [heads, S, width], x [T, width], cu_seqlens [S+1]
// - attributes: scale
// - output: [heads, S, width]
//
// SegmentRelevance: kernels/relevance.
// - inputs: q [S, width], k [T, width], v [T, width], cu_seqlens [S+1],
// gradient
//   [P, width], segment [P]
// - attributes: heads
// - output: [P, rows of each of these segments]
//
// The operators of the 8-bit forward are in quantised_operators.h.
#pragma once
#include "runtime/runtime.h"

namespace alfa {

// Created once per process and never freed, because sessions of all engines
// refer to it.
const Ort::CustomOpDomain& operators_domain();

}  // namespace alfa
