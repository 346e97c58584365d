// find_nearest on CUDA, for the images of a batch. The [queries, rows] matrix
// is never stored: the maximum is taken from the tiles in registers. fp16 runs
// on the tensor cores with fp32 sums.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cuda.h"
#include "kernels/distance.h"

namespace alfa::kernels {

struct CudaNearest {
  Element element;  // of queries and bank

  // Query r < rows of image i is at queries + i * image_stride + r * width.
  const void* queries;
  ptrdiff_t image_stride;  // elements
  int images, rows;

  const void* bank;  // [count, width], unit rows
  int count, width;  // both at least 1
  Distance distance;

  // Outputs.
  float* similarity;  // [images, rows], the largest dot product
  float* distances;   // [images, rows] or null: distance_of the similarity
  // [images, rows] or null: the row with the largest dot product; if equal, the
  // first one. It is row 0 where all dot products are -infinity or NaN.
  int32_t* index;

  void* scratch;  // scratch_bytes(task) bytes
};

// Both throw Error(kRange) where the bank is empty.
size_t scratch_bytes(const CudaNearest& task);
void nearest_cuda(const CudaNearest& task, CudaStream stream);

}  // namespace alfa::kernels
