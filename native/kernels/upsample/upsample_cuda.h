// upsample_bilinear on CUDA, for maps of one size.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include "kernels/cuda.h"
#include "kernels/upsample/upsample.h"

namespace alfa::kernels {

// in [images, height, width] -> out [images, out_height, out_width]. Equal to
// upsample_bilinear bit for bit. Throws Error(kRange) where a side is below 1.
void upsample_cuda(const float* in, int images, int width, int height,
                   int out_width, int out_height, Align align, float* out,
                   CudaStream stream);

}  // namespace alfa::kernels
