// Streams of the emulated device: work is done when it is given, or recorded where the stream is being captured.
#pragma once
#include <functional>

#include "check/emulated/cuda_runtime_api.h"

namespace alfa::emulated {

// `work` returns what the operation would: an error ends a graph's run there.
cudaError_t submit(cudaStream_t stream, std::function<cudaError_t()> work);

}  // namespace alfa::emulated
