// The thread pool for work outside of ONNX Runtime's graph: scoring and memory
// banks.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>

#include "kernels/parallel_for.h"

namespace alfa {

// Its threads sleep between calls of run().
class Pool {
 public:
  // `threads` includes the calling thread. If the system cannot create that
  // many, the pool has fewer.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Calls body(i) for every i in [0, tasks) and returns when all have returned.
  // If a body throws, tasks that have not started are skipped, and the first
  // exception is thrown here. One caller at a time.
  void run(size_t tasks, const std::function<void(size_t)>& body);
  // run() of this pool. Valid as long as the pool.
  const kernels::ParallelFor& parallel_for() const { return parallel_for_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  kernels::ParallelFor parallel_for_;
};

}  // namespace alfa
