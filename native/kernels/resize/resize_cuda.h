// fit_square and to_patches on CUDA: RGB pixels to the patches that the forward
// reads. The 8-bit square in between is equal to the CPU's bit for bit, because
// both use integer arithmetic with the same weights.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cuda.h"
#include "kernels/resize/resize.h"

namespace alfa::kernels {

// The weights of one axis: offsets into ResizePlan::tables. Output i is the
// weighted sum of `count[i]` groups of input pixels from pixel `first[i]` on.
struct ResizeTaps {
  int64_t first = 0;
  int64_t count = 0;
  int64_t weight = 0;  // [outputs, stride]
  int stride = 0;      // weights of an output
};

// Everything that depends only on the sizes. The host makes it once for a pair
// of sizes and uploads its tables.
struct ResizePlan {
  // The horizontal pass reads pixels in groups of 4, which start at multiples
  // of 4 pixels.
  static constexpr int kGroup = 4;
  // A block of the horizontal pass makes this many outputs of a row. The rows
  // of its result are padded to a multiple of it.
  static constexpr int kOutputs = 32;

  int width, height;  // of the input
  int size;           // of the square
  std::vector<int32_t> tables;
  ResizeTaps across;  // groups of kGroup pixels
  ResizeTaps down;    // single rows, counted from row `top`

  bool resize_x = false;  // false: the width stays
  int x = 0;              // then the square starts at this column
  int top = 0;            // the input rows that the square needs
  int rows = 0;

  // The result of the horizontal pass: `rows` rows of row_bytes.
  int row_bytes = 0;
  size_t scratch_bytes = 0;  // 0 if the width stays
};

// Throws Error(kImageSize) where a side is below 1.
ResizePlan plan_resize(int width, int height, int size, Fit fit);

struct CudaResize {
  const ResizePlan* plan;  // on the host
  const int32_t* tables;   // a copy of plan->tables
  // RGB; row y is at pixels + y * row_bytes. Reading is faster where every row
  // starts at a multiple of 4 bytes.
  const uint8_t* pixels;
  ptrdiff_t row_bytes;
  uint8_t* scratch;  // plan->scratch_bytes
  int patch, prefix;
  float mean[3], std[3];
  Element element;            // of patches
  void* patches;              // out [prefix + grid * grid, 3 * patch * patch]
  uint8_t* square = nullptr;  // out [size, size, 3] or null
};

void resize_cuda(const CudaResize& task, CudaStream stream);

}  // namespace alfa::kernels
