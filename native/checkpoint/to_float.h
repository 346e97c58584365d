// Conversion of weights to fp32.
#pragma once
#include "checkpoint/tensor.h"

namespace alfa {

bool is_float(DType dtype);

// Writes every element of the tensor to `out`. The tensor's bytes may be
// misaligned. Precondition: is_float(dtype).
void to_float(const Tensor& tensor, float* out);

}  // namespace alfa
