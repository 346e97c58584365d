#include "check/case.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace alfa::check {
namespace {

using Unit = Tolerance::Unit;

// The spacing of floats at `value`.
double ulp(double value) {
  int exponent = 0;
  std::frexp(value, &exponent);
  return std::ldexp(1.0, std::max(exponent - 24, -149));
}

double beyond_half_rounding(double error, double reference) {
  if (std::isnan(error)) return error;
  const double rounding = std::max(std::abs(reference) * 0x1p-11, 0x1p-25);
  return std::max(0.0, error - rounding);
}

// Like std::max, but keeps a NaN.
void raise(double& largest, double value) {
  if (!(value <= largest) && !std::isnan(largest)) largest = value;
}

}  // namespace

Deviation compare(const std::vector<float>& output,
                  const std::vector<double>& reference,
                  const Tolerance& tolerance) {
  Deviation result;
  if (output.size() != reference.size()) {
    result.within = false;
    result.problem = "expected " + std::to_string(reference.size()) +
                     " values but received " + std::to_string(output.size());
    return result;
  }
  for (size_t i = 0; i < output.size(); ++i) {
    const double value = static_cast<double>(output[i]);
    const double expected = reference[i];
    // Equal infinities have no difference.
    const double error = value == expected ? 0 : std::abs(value - expected);
    const double in_ulps = error == 0 ? 0 : error / ulp(expected);
    const double absolute = tolerance.unit == Unit::kBeyondHalf
                                ? beyond_half_rounding(error, expected)
                                : error;
    const double measured = tolerance.unit == Unit::kUlp ? in_ulps : absolute;
    if (!(measured <= tolerance.limit) && result.within) {  // NaN fails too
      result.within = false;
      result.problem = "element " + std::to_string(i) + " of " +
                       std::to_string(output.size()) + ": expected " +
                       std::to_string(expected) + " but received " +
                       std::to_string(value);
    }
    raise(result.max_abs, absolute);
    raise(result.max_ulp, in_ulps);
  }
  return result;
}

Case expect_error(std::string name, Code code, std::function<void()> call) {
  const auto throws = [code, call] {
    try {
      call();
    } catch (const Error& error) {
      return error.code == code;
    }
    return false;
  };
  const auto prepare = [throws](Device& device) -> Call {
    if (device.is_cuda()) return {};
    const auto result = std::make_shared<float>(0.0f);
    return {[=] { *result = throws() ? 1.0f : 0.0f; },
            [=] { return std::vector<float>{*result}; }};
  };
  const auto make = [prepare] {
    return Work{prepare, [] { return std::vector<double>{1}; }};
  };
  return {std::move(name), exact("throws " + std::string(name_of(code))), make};
}

}  // namespace alfa::check
