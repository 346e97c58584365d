// The device that a session runs on, if that is not the CPU. A backend
// implements this; runtime/ itself knows the CPU only.
#pragma once
#include "runtime/runtime.h"

namespace alfa {

class ExecutionProvider {
 public:
  virtual ~ExecutionProvider() = default;

  // Adds the provider and the custom operators that its graphs use.
  virtual void add_to(Ort::SessionOptions& options) const = 0;

  // The memory in which bound inputs and outputs lie.
  virtual Ort::MemoryInfo memory_info() const = 0;

  // Settings of the runs over one binding. A provider that can record a run
  // and replay it identifies the recording by `recording`, a positive number;
  // 0 means that runs are not recorded.
  virtual void configure(Ort::RunOptions& options, int recording) const = 0;

  // Called before each run over a binding: pending work on its inputs must be
  // finished, or ordered before the run, when this returns.
  virtual void prepare_run() const = 0;
};

}  // namespace alfa
