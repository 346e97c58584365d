#pragma once
#include "engine/backend/backend.h"

namespace alfa {

// The checkpoint must have an image tower. Throws Error(kDevice) if the device
// is not available, or if this build has no CUDA backend.
std::unique_ptr<Backend> open_cuda_backend(const BackendContext& context,
                                           const BackendOptions& options);

}  // namespace alfa
