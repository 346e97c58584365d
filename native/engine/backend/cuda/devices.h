// The NVIDIA GPUs that this process can use. Builds without CUDA report none.
#pragma once
#include <string>
#include <vector>

namespace alfa {

struct CudaDevices {
  std::vector<std::string> names;  // in CUDA's order: names[0] is "cuda:0"
  // If there are no names: the reason, as a sentence without a full stop.
  std::string unavailable_reason;
};

CudaDevices cuda_devices();

}  // namespace alfa
