// The passes between 8-bit products (kernels/epilogue) as ONNX Runtime
// operators of the domain "alfa". Accumulators come with what makes numbers of
// them: acc [T, N] int32, row_scale [T], column_scale [N], bias [N].
//   QuantizeRows(x [T, N]) -> q [T, N] uint8, scale [T]
//   Dequantize(acc, row_scale, column_scale, bias) -> [T, N]
//   GeluQuantize(acc, row_scale, column_scale, bias) {quick} -> q, scale
//   ResidualNorm(acc, row_scale, column_scale, bias, skip [T, N], gain [N],
//   shift [N]) {epsilon} -> sum [T, N], normalised [T, N]
//   ResidualNormQuantize(the same) {epsilon} -> sum [T, N], q, scale
#pragma once
#include "runtime/runtime.h"

namespace alfa {

void add_quantised_operators(Ort::CustomOpDomain& domain);

}  // namespace alfa
