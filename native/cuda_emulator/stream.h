// Streams of the emulated device: work waits until somebody waits for it, or is
// recorded where the stream is being captured; the default stream's is done at
// once.
#pragma once
#include <functional>

#include "cuda_emulator/cuda_runtime_api.h"

namespace alfa::emulated {

// `work` returns what the operation would: an error ends a graph's run there.
cudaError_t submit(cudaStream_t stream, std::function<cudaError_t()> work);

void finish_all();  // of every stream; what goes wrong is told to whoever waits
                    // for it

}  // namespace alfa::emulated
