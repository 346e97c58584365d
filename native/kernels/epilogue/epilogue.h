// Epilogue: all operations between two matmuls of the 8-bit forward, in one
// pass over each row (docs/int8.md). For each row:
//   x = input, or accumulators * (row scale * column scale)
//   sum = x + bias + residual
//   out = activation(LayerNorm(sum))
//   quantised = round(out / scale) + 128, scale = max |out| / 127
// A step whose pointers are null is left out.
//
// Every row has its own scale: one scale for a whole tensor ruins the
// embeddings. A row with a NaN or an infinity gets the scale NaN, so that the
// fault is not lost in the rounding.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

enum class Activation {
  kNone,
  kGelu,       // x / 2 (1 + erf(x / sqrt(2))); on the CPU with an error of 5e-5
  kQuickGelu,  // x * sigmoid(1.702 x)
};

// The 8-bit value of 0.
constexpr uint8_t kQuantisedZero = 128;

struct Epilogue {
  ptrdiff_t rows, width;

  // The input: either x, or the accumulators of an 8-bit matmul with their two
  // scales.
  const float* x = nullptr;               // [rows, width]
  const int32_t* accumulators = nullptr;  // [rows, width]
  const float* row_scale = nullptr;       // [rows]
  const float* column_scale = nullptr;    // [width]

  // Parameters. Each may be null.
  const float* bias = nullptr;         // [width]
  const float* residual = nullptr;     // [rows, width]
  const float* norm_weight = nullptr;  // [width]; null: no LayerNorm
  const float* norm_bias = nullptr;    // [width], with norm_weight
  float epsilon = 0;                   // of the LayerNorm
  Activation activation = Activation::kNone;

  // Outputs. Each may be null.
  float* sum = nullptr;          // [rows, width]
  float* out = nullptr;          // [rows, width]
  uint8_t* quantised = nullptr;  // [rows, width]
  float* scale = nullptr;        // [rows], with quantised
};

// Rows are shared out to the threads of `parallel_for`. `sum` and `out` may be
// the memory of `x` or `residual`: a row is read before it is written. Throws
// nothing.
void epilogue(const Epilogue& task, const ParallelFor& parallel_for);

}  // namespace alfa::kernels
