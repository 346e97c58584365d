// CUDA C++ as g++ and clang compile it: the keywords, the built-in variables, device functions, and the launch of a kernel.
#pragma once
#include <functional>
#include <tuple>
#include <utility>

#include "check/emulated/atomics.h"
#include "check/emulated/block.h"
#include "check/emulated/cuda_runtime_api.h"
#include "check/emulated/intrinsics.h"
#include "check/emulated/warp.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
// One OS thread runs a block from its first to its last step, so a block's shared memory is that thread's.
#define __shared__ static thread_local

struct cudaLaunchAttribute;
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned numAttrs;
};

namespace alfa::emulated {
cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> thread);
}

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments));
  return alfa::emulated::launch(*config, reinterpret_cast<const void*>(kernel),
                                [kernel, values = std::tuple<Parameters...>(std::forward<Arguments>(arguments)...)] { std::apply(kernel, values); });
}
