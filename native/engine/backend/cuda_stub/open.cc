// The CUDA backend of builds without CUDA.
#include "engine/backend/cuda/open.h"

#include "engine/backend/cuda/devices.h"
#include "error.h"

namespace alfa {

CudaDevices cuda_devices() {
  return {{},
          "this build of alfa-vad has no CUDA backend (it was compiled without "
          "-DALFA_CUDA=ON)"};
}

std::unique_ptr<Backend> open_cuda_backend(const BackendContext&,
                                           const BackendOptions& options) {
  throw Error(Code::kDevice, "Device '" + options.device +
                                 "' is not available: " +
                                 cuda_devices().unavailable_reason + ".");
}

}  // namespace alfa
