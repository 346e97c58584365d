// CUDA twin of nearest: the greatest similarity of each query to a bank, the
// maximum taken where the matrix product's tile lies in registers; the
// [queries, rows] matrix never exists. kHalf runs on the tensor cores with fp32
// sums.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cuda.h"
#include "kernels/distance.h"

namespace alfa::kernels {

struct CudaNearest {
  Element element;  // of queries and bank
  // Query (i, r), i < images, r < rows: at queries + i * image_stride + r *
  // width
  const void* queries;
  ptrdiff_t image_stride;  // elements
  int images, rows;
  const void* bank;  // [count, width], unit rows, row-major
  int count, width;
  Distance distance;
  float* similarity;  // [images, rows], the greatest dot product; scratch for
                      // partial results lies in `scratch`
  float*
      distances;   // [images, rows] or null: distance_of(distance, similarity)
  int32_t* index;  // [images, rows] or null: the row that has it, of equal ones
                   // the first
  void* scratch;   // scratch_bytes(task)
};

size_t scratch_bytes(const CudaNearest& task);
void nearest_cuda(const CudaNearest& task, CudaStream stream);

}  // namespace alfa::kernels
