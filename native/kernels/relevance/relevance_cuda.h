// relevance on CUDA, in fp32. It handles a few rows of one recipe, so it is
// written for clarity and not for speed.
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include "kernels/cuda.h"
#include "kernels/relevance/relevance.h"

namespace alfa::kernels {

// segment_bounds [segments, 2]: the first row of each segment and the row after
// its last one. It replaces cu_seqlens, which is not used.
void relevance_cuda(const Relevance& task, const int32_t* segment_bounds,
                    CudaStream stream);

}  // namespace alfa::kernels
