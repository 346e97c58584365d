// What alfa-check says: lines for people, or one JSON document.
#pragma once
#include <string>
#include <vector>

#include "check/case.h"

namespace alfa::check {

struct Timing {
  double best = 0, median = 0;  // seconds a call
  int calls = 0;                // 0: not timed
};

struct Outcome {
  std::string backend;
  const Case* subject;
  Deviation deviation;
  Timing timing;
  bool passed() const { return deviation.within; }
};

void print_backends(const Backends& backends);
void print_outcome(const Outcome& outcome);
// heavy: cases that were left out as too heavy
void print_summary(const std::vector<Outcome>& outcomes, int heavy);
void print_json(const Backends& backends, const std::vector<Outcome>& outcomes,
                int heavy);

}  // namespace alfa::check
