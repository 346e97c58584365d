// The operations between two matmuls on CUDA. Each function reads and writes
// its rows once. Activations are of one element, fp16 or fp32. Parameters
// (biases, LayerNorm weights), sums and statistics are fp32.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstdint>

#include "kernels/cuda.h"
#include "kernels/epilogue/epilogue.h"

namespace alfa::kernels {

//   sum = x + bias + residual
//   out = (sum - mean) / sqrt(variance + epsilon) * norm_weight + norm_bias
// The mean and variance of a row are computed from the fp32 sum, before it is
// rounded to `element`. `sum` and `out` may be the memory of x, and `sum` also
// that of `residual` where `rows` is null.
struct CudaResidualNorm {
  Element element;           // of x, residual, sum and out
  const void* x;             // [count, width]
  const float* bias;         // [width] or null
  const void* residual;      // [*, width] or null
  const int32_t* rows;       // [count] or null: row i adds residual[rows[i]]
  const float* norm_weight;  // [width]
  const float* norm_bias;    // [width]
  float epsilon;
  int64_t count;
  int width;
  void* sum;  // [count, width] or null
  void* out;  // [count, width]
};

// Throws Error(kRange) for rows of more than 24,576 elements.
void residual_norm_cuda(const CudaResidualNorm& task, CudaStream stream);

// out = activation(x + bias), all [count, width]; bias [width] or null.
// kNone only adds the bias. x and out may be the same memory.
void bias_activation_cuda(Element element, const void* x, const float* bias,
                          int64_t count, int width, Activation activation,
                          void* out, CudaStream stream);

// Normalises rows to unit length: out = x / |x|, both [count, width]. A row of
// zeros stays zero.
void unit_rows_cuda(Element in, const void* x, int64_t count, int width,
                    Element out_element, void* out, CudaStream stream);

// out[i] = in[rows[i]], for `count` rows of `width` elements.
void gather_rows_cuda(Element element, const void* in, const int32_t* rows,
                      int64_t count, int width, void* out, CudaStream stream);

// Converts `count` elements from fp32 to fp16 or back, or copies them.
void convert_cuda(Element from, const void* in, Element to, void* out,
                  int64_t count, CudaStream stream);

}  // namespace alfa::kernels
