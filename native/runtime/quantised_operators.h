// The epilogues of the 8-bit forward (kernels/epilogue, docs/int8.md) as ONNX
// Runtime operators of the domain "alfa".
//
// All operators except QuantizeRows start with the inputs of an 8-bit matmul:
// accumulators [T, N] int32, row_scale [T], column_scale [N], bias [N]. An
// 8-bit output is two outputs: quantised [T, N] uint8 and scale [T]. All other
// data are fp32.
//
// - QuantizeRows(x [T, N]) -> quantised, scale
// - Dequantize(accumulators...) -> [T, N]
// - GeluQuantize(accumulators...) {quick} -> quantised, scale
// - ResidualNorm(accumulators..., residual [T, N], norm_weight [N], norm_bias
//   [N]) {epsilon} -> sum [T, N], normalised [T, N]
// - ResidualNormQuantize(as ResidualNorm) {epsilon} -> sum [T, N], quantised,
//   scale
#pragma once
#include "runtime/runtime.h"

namespace alfa {

void add_quantised_operators(Ort::CustomOpDomain& domain);

}  // namespace alfa
