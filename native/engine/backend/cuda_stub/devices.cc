#include "runtime/cuda/devices.h"

namespace alfa {

CudaDevices cuda_devices() {
  return {{},
          "this build has no CUDA part: it was made without nvcc, or with "
          "ALFA_CUDA off"};
}

}  // namespace alfa
