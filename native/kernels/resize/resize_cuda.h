// CUDA twin of fit_square and to_patches: RGB pixels to the normalised patches
// that the forward reads, the same 8-bit square in between, bit for bit
// (integer arithmetic with the same fixed-point weights).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cuda.h"
#include "kernels/resize/resize.h"

namespace alfa::kernels {

struct ResizeTaps {  // of one axis: where in the plan's tables they lie
  int64_t first = 0, count = 0, weight = 0;
  int stride = 0;  // weights per output
};

// All that depends on the sizes alone; made on the host once per pair of sizes,
// tables then uploaded by the caller.
struct ResizePlan {
  static constexpr int kTogether =
      4;  // pixels that the horizontal pass takes at a time
  static constexpr int kOutputs =
      32;  // of a row, that a block of it makes; rows of the scratch are so
           // many or a multiple

  int width, height, size;  // of the pixels that go in; of the square
  std::vector<int32_t> tables;
  // across: counted in fours that begin at multiples of four pixels. down: from
  // row `top`; one whole tap where the height stays.
  ResizeTaps across, down;
  bool narrows =
      false;  // else the width stays: the square's columns are those from x on
  int x = 0;
  int top = 0, rows = 0;     // source rows that the square is made of
  int narrow_bytes = 0;      // a row of the scratch
  size_t scratch_bytes = 0;  // 0 where the width stays
};
ResizePlan plan_resize(int width, int height, int size,
                       Fit fit);  // Error(kImageSize)

struct CudaResize {
  const ResizePlan* plan;  // host
  const int32_t* tables;   // device copy of plan->tables
  const uint8_t* pixels;   // RGB, row y at pixels + y * row_bytes; faster where
                           // every row begins at a multiple of 4 bytes
  ptrdiff_t row_bytes;
  uint8_t* scratch;  // plan->scratch_bytes
  int patch, prefix;
  float mean[3], std[3];
  Element element;
  void* patches;              // [prefix + grid*grid, 3*patch*patch]
  uint8_t* square = nullptr;  // [size, size, 3] or null: the square itself too
};
void resize_cuda(const CudaResize& task, CudaStream stream);

}  // namespace alfa::kernels
