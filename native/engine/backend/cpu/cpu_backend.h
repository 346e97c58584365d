#pragma once
#include "engine/backend/backend.h"

namespace alfa {

// Opens no image tower if the checkpoint has none; then new_batch must not be
// called.
std::unique_ptr<Backend> open_cpu_backend(const BackendContext& context,
                                          const BackendOptions& options);

}  // namespace alfa
