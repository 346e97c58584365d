// What alfa-bench measures on a GPU. cuda/cuda_probe.cc implements it;
// cuda_stub/cuda_probe.cc does so for builds without CUDA.
#pragma once
#include <functional>

#include "bench/peak.h"
#include "runtime/runtime.h"

namespace alfa::bench {

// Returns a function that gives the used memory of the device in bytes, by all
// programs. Creates the CUDA context, so that later differences do not count
// it. Without CUDA the function gives 0.
std::function<size_t()> gpu_memory_meter(const std::string& device);

// Error(kDevice) without CUDA.
Peaks measure_gpu_peaks(Runtime& runtime, const std::string& device,
                        const std::string& precision, double seconds);

}  // namespace alfa::bench
