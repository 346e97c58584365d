// A case: one call of one operator, its float64 reference and what may lie
// between them. Correctness and speed are two readings of the same list (see
// cases.cc).
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "check/backend.h"
#include "error.h"

namespace alfa::check {

struct Call {  // an operator made ready on one backend; an empty launch: the
               // backend has no such operator
  std::function<void()>
      launch;  // may return before the work is done: then Backend::wait
  std::function<std::vector<float>()> fetch;
};

struct Work {  // a case's inputs, owned by these functions
  std::function<Call(Backend&)> prepare;
  std::function<std::vector<double>()> reference;
  // What else must hold of the output, beyond being near the reference: empty,
  // or what is wrong. May be absent.
  std::function<std::string(const std::vector<float>&)> property = nullptr;
};

struct Tolerance {
  // difference | units in the last place of the reference as a float |
  // difference beyond what rounding the reference to fp16 may cost: 2^-11 of
  // it, or 2^-25
  enum class Unit { kAbsolute, kUlp, kBesideHalf };
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
inline Tolerance beside_half(double limit, std::string reason) {
  return {limit, Tolerance::Unit::kBesideHalf,
          "rounding to fp16, and beside it: " + std::move(reason)};
}
inline Tolerance exact(std::string reason) {
  return absolute(0, std::move(reason));
}

struct Case {
  std::string name;  // "operator/what is special about it"
  Tolerance tolerance;
  std::function<Work()>
      make;  // called when the case runs, so that a filtered list costs nothing
  double flops =
      0;  // of one call, multiply and add counted apart; 0: counted in bytes
  double bytes = 0;    // of one call, inputs and outputs once each
  bool heavy = false;  // too much for an emulated device, or under a sanitizer
};

using Cases = std::vector<Case>;

// A call that must throw Error(code). Host only.
Case refusal(std::string name, Code code, std::function<void()> call);

struct Deviation {
  double max_abs = 0,
         max_ulp =
             0;  // kBesideHalf: max_abs is what goes beyond fp16's rounding
  bool within = true;   // every element finite where the reference is, and
                        // inside the tolerance
  std::string problem;  // empty where within
};

Deviation compare(const std::vector<float>& got,
                  const std::vector<double>& want, const Tolerance& tolerance);

}  // namespace alfa::check
