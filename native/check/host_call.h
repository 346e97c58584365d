// A call of an operator that exists on the host alone (so far): everything
// happens in `run`, which returns the output.
#pragma once
#include <memory>
#include <utility>

#include "check/case.h"

namespace alfa::check {

template <typename Run>
std::function<Call(Backend&)> host_call(Run run) {
  return [run](Backend& backend) -> Call {
    if (backend.kind() != Kind::kCpu) return {};
    const auto out = std::make_shared<decltype(run())>();
    return {[=] { *out = run(); },
            [=] { return std::vector<float>(out->begin(), out->end()); }};
  };
}

}  // namespace alfa::check
