// CUDA twin of upsample_bilinear for a batch of maps of one size.
#pragma once
#include "kernels/cuda.h"
#include "kernels/upsample/upsample.h"

namespace alfa::kernels {

// in [images, height, width] -> out [images, out_height, out_width], all fp32
void upsample_cuda(const float* in, int images, int width, int height,
                   int out_width, int out_height, Align align, float* out,
                   CudaStream stream);

}  // namespace alfa::kernels
