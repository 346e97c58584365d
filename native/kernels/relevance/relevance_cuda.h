// CUDA twin of relevance, in fp32: a handful of rows of one recipe, written for
// clarity.
#pragma once
#include "kernels/cuda.h"
#include "kernels/relevance/relevance.h"

namespace alfa::kernels {

// The task's pointers are device memory, but `segment_bounds` [segments, 2],
// begin and end of each, stands for cu_seqlens.
void relevance_cuda(const Relevance& task, const int32_t* segment_bounds,
                    CudaStream stream);

}  // namespace alfa::kernels
