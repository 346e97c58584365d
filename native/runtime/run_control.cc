#include "runtime/run_control.h"

#include "error.h"
#include "runtime/runtime.h"

namespace alfa {

RunControl::RunControl() : options_(std::make_unique<Ort::RunOptions>()) {}

RunControl::~RunControl() = default;

void RunControl::terminate() {
  terminated_ = true;
  options_->SetTerminate();
}

void check_not_terminated(const RunControl* control) {
  if (control && control->terminated())
    throw Error(Code::kAborted, "Running the model was cancelled.");
}

}  // namespace alfa
