// What lies between two matrix products on a GPU, one pass over memory each.
// Parameters (bias, norm_weight, norm_bias) are fp32, sums and statistics too.
#pragma once
#include <cstdint>

#include "kernels/cuda.h"
#include "kernels/epilogue/epilogue.h"

namespace alfa::kernels {

// sum = x + bias + residual[rows]; out = LayerNorm(sum) * norm_weight +
// norm_bias, statistics over the row in fp32 from the fp32 sum.
struct CudaResidualNorm {
  Element element;       // of x, residual, sum and out
  const void* x;         // [count, width]
  const float* bias;     // [width] or null
  const void* residual;  // [*, width] or null
  const int32_t* rows;   // [count] or null: row i adds residual row rows[i]
  const float *norm_weight, *norm_bias;  // [width]
  float epsilon;
  int64_t count;
  int width;
  void* sum;  // [count, width] or null
  void* out;  // [count, width]
};
void residual_norm_cuda(const CudaResidualNorm& task, CudaStream stream);

// out = activation(x + bias); bias [width] or null; kNone adds alone. x and out
// may be one.
void bias_activation_cuda(Element element, const void* x, const float* bias,
                          int64_t count, int width, Activation activation,
                          void* out, CudaStream stream);

// out = x / |x| per row; a zero row stays zero.
void unit_rows_cuda(Element in, const void* x, int64_t count, int width,
                    Element out_element, void* out, CudaStream stream);

// out row i = in row rows[i]; rows of `width` elements.
void gather_rows_cuda(Element element, const void* in, const int32_t* rows,
                      int64_t count, int width, void* out, CudaStream stream);

// fp32 -> element and back, for what crosses from the host.
void convert_cuda(Element from, const void* in, Element to, void* out,
                  int64_t count, CudaStream stream);

}  // namespace alfa::kernels
