// The NVIDIA GPUs that this process can use. Built with nvcc where there is one
// (static cudart: it loads on machines without a driver), else a stand-in that
// says so.
#pragma once
#include <string>
#include <vector>

namespace alfa {

struct CudaDevices {
  std::vector<std::string> names;  // in CUDA's order
  std::string why_none;            // a sentence, where there are none
};

CudaDevices cuda_devices();

}  // namespace alfa
