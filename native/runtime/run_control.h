// Stops a running call from another thread.
#pragma once
#include <atomic>
#include <memory>

namespace Ort {
struct RunOptions;
}

namespace alfa {

// One control belongs to one call. Create it after an engine was opened.
class RunControl {
 public:
  RunControl();
  ~RunControl();
  RunControl(const RunControl&) = delete;
  RunControl& operator=(const RunControl&) = delete;

  // May be called from any thread. The call then throws Error(kAborted), as
  // soon as ONNX Runtime has finished the operator that it is running.
  void terminate();
  bool terminated() const { return terminated_; }

  Ort::RunOptions& options() { return *options_; }

 private:
  std::unique_ptr<Ort::RunOptions> options_;
  std::atomic<bool> terminated_ = false;
};

// Throws Error(kAborted) if `control` is not null and was terminated.
void check_not_terminated(const RunControl* control);

}  // namespace alfa
