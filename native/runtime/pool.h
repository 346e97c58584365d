// Threads for what runs outside ONNX Runtime's graph: scoring, banks. They
// sleep between calls.
#pragma once
#include <memory>

#include "kernels/parallel_for.h"

namespace alfa {

class Pool {
 public:
  explicit Pool(int threads);  // the caller's own included; fewer where the
                               // system gives no more
  ~Pool();
  // One caller at a time. What a body throws is thrown here, once all are done.
  void run(size_t tasks, const std::function<void(size_t)>& body);
  const kernels::ParallelFor& parallel_for() const { return parallel_for_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  kernels::ParallelFor parallel_for_;
};

}  // namespace alfa
