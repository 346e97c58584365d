// What every operator of ours needs inside ONNX Runtime. Internal to runtime/.
#pragma once
#include "kernels/parallel_for.h"
#include "runtime/runtime.h"

namespace alfa {

// ORT's own pool: our operators run on the threads that the matrix products use.
inline kernels::ParallelFor pool_of(const Ort::KernelContext& context) {
  return [&context](size_t tasks, const std::function<void(size_t)>& body) {
    context.ParallelFor([](void* f, size_t i) { (*static_cast<const std::function<void(size_t)>*>(f))(i); }, tasks, tasks,
                        const_cast<std::function<void(size_t)>*>(&body));
  };
}

inline void expect(bool ok, const char* what) {
  if (!ok) ORT_CXX_API_THROW(what, ORT_INVALID_ARGUMENT);
}

}  // namespace alfa
