// CUDA twin of fit_square and to_patches: RGB pixels to the normalised patches that the forward reads, the same 8-bit
// square in between, bit for bit (integer arithmetic with the same fixed-point weights).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cuda.h"
#include "kernels/resize/resize.h"

namespace alfa::kernels {

// All that depends on the sizes alone; made on the host once per pair of sizes, tables then uploaded by the caller.
struct ResizePlan {
  int width, height, size;     // of the pixels that go in; of the square
  // What the kernels read: for each axis that is resized its first pixels, how many, and their weights, tap by tap.
  std::vector<int32_t> tables;
  int64_t across_first = -1, across_taps = -1, across_weight = -1, down_first = -1, down_taps = -1, down_weight = -1;  // places in it
  bool resize_x = false, resize_y = false;
  int x = 0, y = 0;            // where the square starts on an axis that is not resized
  int top = 0, rows = 0;       // source rows that the vertical pass reads
  int staged_bytes = 0;        // of a row that a block of the horizontal pass keeps in shared memory; 0: none
  size_t scratch_bytes = 0;    // the narrowed rows
};
ResizePlan plan_resize(int width, int height, int size, Fit fit);  // Error(kImageSize)

struct CudaResize {
  const ResizePlan* plan;      // host
  const int32_t* tables;       // device copy of plan->tables
  const uint8_t* pixels;       // RGB, row y at pixels + y * row_bytes
  ptrdiff_t row_bytes;
  uint8_t* scratch;            // plan->scratch_bytes
  int patch, prefix;
  float mean[3], std[3];
  Element element;
  void* patches;               // [prefix + grid*grid, 3*patch*patch]
  uint8_t* square = nullptr;   // [size, size, 3] or null: the square itself too
};
void resize_cuda(const CudaResize& task, CudaStream stream);

}  // namespace alfa::kernels
