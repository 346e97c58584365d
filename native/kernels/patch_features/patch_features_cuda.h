// patch_features on CUDA, for the images of a batch.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstddef>

#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaPatchFeatures {
  Element in_element, out_element;
  // Patch p of image i is at tokens + i * image_stride + p * width.
  const void* tokens;
  ptrdiff_t image_stride;  // elements
  int images, grid, width;
  int neighbours;  // odd
  float length;    // of the rows of out
  // The row of patch p of image i is at out + (i * grid * grid + p) *
  // out_stride. Must not overlap tokens.
  void* out;
  ptrdiff_t out_stride;  // elements
};

// Throws Error(kRange) unless neighbours is odd.
void patch_features_cuda(const CudaPatchFeatures& task, CudaStream stream);

}  // namespace alfa::kernels
