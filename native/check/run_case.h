// Runs one case on one device.
#pragma once
#include <optional>
#include <string>

#include "check/case.h"

namespace alfa::check {

struct Timing {
  double best = 0, median = 0;  // seconds per call
  int calls = 0;                // 0: not timed
};

struct Outcome {
  std::string device;
  const Case* subject = nullptr;
  Deviation deviation;
  Timing timing;
  bool passed() const { return deviation.within; }
};

// Checks the case and, with `timed`, times it. Empty if the device does not
// have the operator. An exception makes the case fail.
std::optional<Outcome> run_case(const Case& subject, Device& device,
                                bool timed);

}  // namespace alfa::check
