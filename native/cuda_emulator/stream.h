// Streams of the emulated device. Work runs when the host waits for it. A
// stream that is being captured records its work. Work on the default stream
// runs at once.
#pragma once
#include <functional>

#include "cuda_emulator/cuda_runtime_api.h"

namespace alfa::emulated {

// `work` returns the error of the operation. An error ends a graph.
cudaError_t submit(cudaStream_t stream, std::function<cudaError_t()> work);

// Runs the work of every stream. Errors are reported to the next wait.
void run_all_queues();

}  // namespace alfa::emulated
