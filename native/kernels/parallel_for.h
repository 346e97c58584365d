// How kernels share their work out: the caller brings the thread pool, a kernel
// owns no thread.
#pragma once
#include <cstddef>
#include <functional>

namespace alfa::kernels {

// Runs body(i) for i in [0, tasks), in any order, perhaps in parallel; returns
// when all are done.
using ParallelFor =
    std::function<void(size_t tasks, const std::function<void(size_t)>& body)>;

}  // namespace alfa::kernels
