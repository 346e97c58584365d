#include <cuda_runtime_api.h>

#include "runtime/cuda/devices.h"

namespace alfa {

CudaDevices cuda_devices() {
  CudaDevices devices;
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count);
      error != cudaSuccess) {
    devices.why_none =
        std::string("no CUDA device: ") + cudaGetErrorString(error);
    return devices;
  }
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties;
    devices.names.push_back(cudaGetDeviceProperties(&properties, i) ==
                                    cudaSuccess
                                ? properties.name
                                : "unreadable device");
  }
  if (count == 0) devices.why_none = "no CUDA device: the driver lists none";
  return devices;
}

}  // namespace alfa
