#include "check/case.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace alfa::check {
namespace {

double ulp(double value) {  // spacing of floats at value
  int exponent = 0;
  std::frexp(value, &exponent);
  return std::ldexp(1.0, std::max(exponent - 24, -149));
}

}  // namespace

Deviation compare(const std::vector<float>& got,
                  const std::vector<double>& want, const Tolerance& tolerance) {
  Deviation result;
  if (got.size() != want.size()) {
    result.within = false;
    result.problem = "expected " + std::to_string(want.size()) +
                     " values but found " + std::to_string(got.size());
    return result;
  }
  for (size_t i = 0; i < got.size(); ++i) {
    const double value = static_cast<double>(got[i]);
    const double error = value == want[i] ? 0 : std::abs(value - want[i]);
    const double in_ulp = error == 0 ? 0 : error / ulp(want[i]);
    const double beside_half =
        std::max(0.0, error - std::max(std::abs(want[i]) * 0x1p-11, 0x1p-25));
    const double measure = tolerance.unit == Tolerance::Unit::kUlp ? in_ulp
                           : tolerance.unit == Tolerance::Unit::kBesideHalf
                               ? (error == error ? beside_half : error)
                               : error;
    if (!(measure <= tolerance.limit) && result.within) {  // NaN too
      result.within = false;
      result.problem = "element " + std::to_string(i) + " of " +
                       std::to_string(got.size()) + ": expected " +
                       std::to_string(want[i]) + " but found " +
                       std::to_string(value);
    }
    const double shown =
        tolerance.unit == Tolerance::Unit::kBesideHalf ? measure : error;
    result.max_abs =
        shown <= result.max_abs ? result.max_abs : shown;  // keeps a NaN
    result.max_ulp = in_ulp <= result.max_ulp ? result.max_ulp : in_ulp;
  }
  return result;
}

Case refusal(std::string name, Code code, std::function<void()> call) {
  const auto work = [code, call] {
    return Work{[code, call](Backend& backend) -> Call {
                  if (backend.kind() != Kind::kCpu) return {};
                  const auto found = std::make_shared<float>(0.0f);
                  return {[=] {
                            try {
                              call();
                              *found = 0;
                            } catch (const Error& error) {
                              *found = error.code == code ? 1 : 0;
                            }
                          },
                          [=] { return std::vector<float>{*found}; }};
                },
                [] { return std::vector<double>{1}; }};
  };
  return {std::move(name), exact(std::string("throws ") + code_name(code)),
          work};
}

}  // namespace alfa::check
