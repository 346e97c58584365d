// What lies between two 8-bit matrix products, in one pass over each row:
//   x = input, or accumulators * (row scale * column scale)
//   x = gelu(LayerNorm(x + bias + residual)), each where asked for
//   q = round(x / s) + 128, s = max |x| / 127        (a scale of its own for
//   every row)
// Real activations need that row scale: a common one for a tensor ruins
// embeddings (docs/method.md, int8). A row that holds a NaN or an infinity gets
// a scale of NaN, so that it does not vanish in the rounding.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

enum class Activation {
  kNone,
  kGelu,
  kQuickGelu
};  // 0.5 x (1 + erf(x / sqrt 2)) | x * sigmoid(1.702 x)

constexpr uint8_t kQuantisedZero = 128;

struct Epilogue {
  ptrdiff_t rows, width;
  // Exactly one of the two inputs.
  const float* x = nullptr;               // [rows, width]
  const int32_t* accumulators = nullptr;  // [rows, width]
  const float* row_scale = nullptr;       // [rows], with accumulators
  const float* column_scale = nullptr;    // [width], with accumulators
  // Each may be null.
  const float* bias = nullptr;         // [width]
  const float* residual = nullptr;     // [rows, width]
  const float* norm_weight = nullptr;  // [width]; LayerNorm where there is one
  const float* norm_bias = nullptr;    // [width]
  float epsilon = 0;
  Activation activation = Activation::kNone;
  // Outputs, each may be null.
  float* sum = nullptr;  // [rows, width], before LayerNorm and activation
  float* out = nullptr;  // [rows, width]
  uint8_t* quantised = nullptr;  // [rows, width]
  float* scale = nullptr;        // [rows], with quantised
};

void epilogue(const Epilogue& task, const ParallelFor& parallel_for);

}  // namespace alfa::kernels
