#include "bench/cuda_probe.h"

#include "error.h"

namespace alfa::bench {

std::function<size_t()> gpu_memory_meter(const std::string&) {
  return [] { return size_t{0}; };
}

Peaks measure_gpu_peaks(Runtime&, const std::string& device, const std::string&,
                        double) {
  throw Error(Code::kDevice,
              "Device '" + device +
                  "' is not available: alfa-bench was built without CUDA. "
                  "Build it with -DALFA_CUDA=ON.");
}

}  // namespace alfa::bench
