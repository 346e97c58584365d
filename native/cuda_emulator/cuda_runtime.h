// Lets GCC and Clang compile CUDA C++: keywords, built-in variables, device
// functions, and the launch of a kernel.
#pragma once
#include <memory>
#include <tuple>
#include <utility>

#include "cuda_emulator/atomics.h"
#include "cuda_emulator/block.h"
#include "cuda_emulator/cuda_runtime_api.h"
#include "cuda_emulator/intrinsics.h"
#include "cuda_emulator/warp.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
// One OS thread runs a whole block, so the shared memory of a block can be
// thread_local.
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
cudaError_t launch(const cudaLaunchConfig_t& config, const void* function,
                   Kernel kernel);

template <typename... Parameters>
struct KernelCall {
  void (*kernel)(Parameters...);
  std::tuple<Parameters...> arguments;
};
}  // namespace alfa::emulated

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config,
                               void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments));
  using Call = alfa::emulated::KernelCall<Parameters...>;
  const auto run = [](const void* at) {
    const auto& call = *static_cast<const Call*>(at);
    std::apply(call.kernel, call.arguments);
  };
  return alfa::emulated::launch(
      *config, reinterpret_cast<const void*>(kernel),
      {run,
       std::make_shared<const Call>(
           Call{kernel, {std::forward<Arguments>(arguments)...}}),
       sizeof(Call)});
}
