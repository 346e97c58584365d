// Kernels own no threads. The caller passes the thread pool as a ParallelFor.
#pragma once
#include <cstddef>
#include <functional>

namespace alfa::kernels {

// Calls body(i) for every i in [0, tasks), in any order and perhaps in
// parallel. Returns when all calls have returned.
using ParallelFor =
    std::function<void(size_t tasks, const std::function<void(size_t)>& body)>;

}  // namespace alfa::kernels
