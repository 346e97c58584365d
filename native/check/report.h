// The output of alfa-check: lines of text, or one JSON document.
#pragma once
#include <vector>

#include "check/run_case.h"

namespace alfa::check {

void print_devices(const Devices& devices);
void print_outcome(const Outcome& outcome);

// `skipped`: the number of heavy cases that did not run.
void print_summary(const std::vector<Outcome>& outcomes, int skipped);
void print_json(const Devices& devices, const std::vector<Outcome>& outcomes,
                int skipped);

}  // namespace alfa::check
