// What cases of operators on a device share.
#pragma once
#include <limits>
#include <utility>
#include <vector>

#include "check/backend.h"
#include "check/case.h"

namespace alfa::check {

// Memory for n floats of output, NaN until a kernel has written them.
inline Array<float> output(Backend& backend, size_t n) {
  return backend.upload(
      std::vector<float>(n, std::numeric_limits<float>::quiet_NaN()));
}

// An operator that has a CUDA form alone: prepare(backend).
template <typename Prepare>
std::function<Call(Backend&)> cuda_only(Prepare prepare) {
  return [prepare](Backend& backend) -> Call {
    return backend.kind() == Kind::kCuda ? prepare(backend) : Call{};
  };
}

// One that has both forms: `host` as host_call gives it.
template <typename Prepare>
std::function<Call(Backend&)> host_or_cuda(std::function<Call(Backend&)> host,
                                           Prepare prepare) {
  return [=](Backend& backend) {
    return backend.kind() == Kind::kCuda ? prepare(backend) : host(backend);
  };
}

}  // namespace alfa::check
