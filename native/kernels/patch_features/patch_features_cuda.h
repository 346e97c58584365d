// CUDA twin of patch_features for the images of a batch.
#pragma once
#include <cstddef>

#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaPatchFeatures {
  Element in_element, out_element;
  const void* tokens;  // patch (i, p) of image i at tokens + i * image_stride +
                       // p * width
  ptrdiff_t image_stride;  // elements
  int images, grid, width;
  int neighbours;        // odd
  float length;          // of the rows written
  void* out;             // row (i, p) at out + (i * grid*grid + p) * out_stride
  ptrdiff_t out_stride;  // elements
};

void patch_features_cuda(
    const CudaPatchFeatures& task,
    CudaStream stream);  // Error(kRange) unless neighbours is odd

}  // namespace alfa::kernels
