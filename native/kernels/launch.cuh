// Launching a kernel and getting its dynamic shared memory. The CUDA emulator
// (native/cuda_emulator) has its own version of both.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "error.h"
#include "kernels/cuda.h"

namespace alfa::kernels {

// `operation`: what failed, for the message.
inline void check_cuda(cudaError_t error, const char* operation) {
  if (error != cudaSuccess)
    throw Error(
        error == cudaErrorMemoryAllocation ? Code::kMemory : Code::kRuntime,
        std::string(operation) +
            " failed with a CUDA error: " + cudaGetErrorString(error));
}

// The block's dynamic shared memory, 16-byte aligned.
#ifdef ALFA_CUDA_EMULATED
unsigned char* dynamic_shared();
#else
__device__ inline unsigned char* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char bytes[];
  return bytes;
}
#endif

// The number of blocks for `count` items, `per_block` to a block.
inline unsigned blocks_for(int64_t count, int per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

// Launches the kernel. `name` stands in the message of the error that a failed
// launch throws. `shared_bytes`: dynamic shared memory of a block.
template <typename... Parameters, typename... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid,
            dim3 block, size_t shared_bytes, CudaStream stream,
            Arguments... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  check_cuda(cudaLaunchKernelEx(&config, kernel,
                                static_cast<Parameters>(arguments)...),
             name);
}

}  // namespace alfa::kernels
