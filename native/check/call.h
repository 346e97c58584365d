// How a case prepares its calls: on the CPU, on CUDA, or on both.
#pragma once
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "check/case.h"
#include "check/device.h"

namespace alfa::check {

// For an operator that only the CPU has. run() computes and returns the output.
template <typename Run>
std::function<Call(Device&)> on_cpu(Run run) {
  return [run](Device& device) -> Call {
    if (device.is_cuda()) return {};
    const auto out = std::make_shared<decltype(run())>();
    return {[=] { *out = run(); },
            [=] { return std::vector<float>(out->begin(), out->end()); }};
  };
}

// For an operator that only CUDA has. prepare(device) returns the Call.
template <typename Prepare>
std::function<Call(Device&)> on_cuda(Prepare prepare) {
  return [prepare](Device& device) -> Call {
    return device.is_cuda() ? prepare(device) : Call{};
  };
}

// For an operator that both have. `cpu` comes from on_cpu.
template <typename Prepare>
std::function<Call(Device&)> on_both(std::function<Call(Device&)> cpu,
                                     Prepare prepare_cuda) {
  return [=](Device& device) {
    return device.is_cuda() ? prepare_cuda(device) : cpu(device);
  };
}

// Memory for n outputs, NaN until a kernel writes them.
inline DeviceArray<float> nan_output(Device& device, size_t n) {
  return device.upload(
      std::vector<float>(n, std::numeric_limits<float>::quiet_NaN()));
}

}  // namespace alfa::check
