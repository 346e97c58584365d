// How our kernels are launched and how they take shared memory whose size is
// known only then: the two things that a build of the same sources for the CPU
// (native/check/emulated) does in its own way.
#pragma once
#include <cuda_runtime.h>

#include <string>

#include "error.h"
#include "kernels/cuda.h"

namespace alfa::kernels {

inline void check_cuda(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw Error(
        error == cudaErrorMemoryAllocation ? Code::kMemory : Code::kRuntime,
        std::string(what) + ": CUDA says: " + cudaGetErrorString(error));
}

// Dynamic shared memory of the block, 16-byte aligned.
#ifdef ALFA_CUDA_EMULATED
unsigned char* dynamic_shared();
#else
__device__ inline unsigned char* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char bytes[];
  return bytes;
}
#endif

template <typename... Parameters, typename... Arguments>
void launch(const char* what, void (*kernel)(Parameters...), dim3 grid,
            dim3 block, size_t shared_bytes, CudaStream stream,
            Arguments... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  check_cuda(cudaLaunchKernelEx(&config, kernel,
                                static_cast<Parameters>(arguments)...),
             what);
}

}  // namespace alfa::kernels
