// A case: one call of one operator, its float64 reference, and the tolerance
// between them. The same list is checked and, with --bench, timed.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "check/device.h"
#include "error.h"

namespace alfa::check {

// An operator that is ready to run on one device. An empty `launch` means that
// the device does not have this operator.
struct Call {
  std::function<void()> launch;  // may return before the work is done
  std::function<std::vector<float>()> fetch;  // the output, after Device::wait
};

// The inputs of a case. The functions own them.
struct Work {
  std::function<Call(Device&)> prepare;
  std::function<std::vector<double>()> reference;
  // A second check of the output. It returns what is wrong, or an empty text.
  // May be null.
  std::function<std::string(const std::vector<float>&)> property = nullptr;
};

struct Tolerance {
  enum class Unit {
    kAbsolute,    // the difference
    kUlp,         // in units in the last place of the reference as a float
    kBeyondHalf,  // the difference minus the rounding to fp16, which is 2^-11
                  // of the reference and at least 2^-25
  };
  double limit;
  Unit unit;
  std::string reason;
};

inline Tolerance absolute(double limit, std::string reason) {
  return {limit, Tolerance::Unit::kAbsolute, std::move(reason)};
}
inline Tolerance ulps(double limit, std::string reason) {
  return {limit, Tolerance::Unit::kUlp, std::move(reason)};
}
inline Tolerance beyond_half(double limit, std::string reason) {
  return {limit, Tolerance::Unit::kBeyondHalf,
          "the rounding to fp16, and in addition: " + std::move(reason)};
}
inline Tolerance exact(std::string reason) {
  return absolute(0, std::move(reason));
}

struct Case {
  std::string name;  // "operator/input"
  Tolerance tolerance;
  std::function<Work()> make;  // called when the case runs, not when it is
                               // listed
  double flops = 0;    // of one call; a multiply and an add count as two
  double bytes = 0;    // of one call: inputs and outputs once each
  bool heavy = false;  // takes too long on the emulated device
};

using Cases = std::vector<Case>;

// A call that must throw Error(code). CPU only.
Case expect_error(std::string name, Code code, std::function<void()> call);

struct Deviation {
  double max_abs = 0;  // with kBeyondHalf: only what exceeds that rounding
  double max_ulp = 0;
  bool within = true;   // every element is within the tolerance
  std::string problem;  // empty if within
};

Deviation compare(const std::vector<float>& output,
                  const std::vector<double>& reference,
                  const Tolerance& tolerance);

}  // namespace alfa::check
