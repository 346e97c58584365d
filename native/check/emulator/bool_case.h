// Cases of the emulator itself: a test that holds or does not.
#pragma once
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check/registry.h"
#include "error.h"

namespace alfa::check {

// A case that passes if holds(device) is true.
inline void add_bool_case(Cases& cases, const std::string& name,
                          std::function<bool(Device&)> holds) {
  const auto make = [holds] {
    return Work{[holds](Device& device) -> Call {
                  const auto result = std::make_shared<float>(0.0f);
                  return {[=, &device] { *result = holds(device) ? 1 : 0; },
                          [=] { return std::vector<float>{*result}; }};
                },
                [] { return std::vector<double>{1}; }};
  };
  cases.push_back({name, exact("holds"), make});
}

// True if the call throws an Error whose message contains `text`.
template <typename F>
bool error_contains(const char* text, F call) {
  try {
    call();
  } catch (const Error& error) {
    return std::strstr(error.what(), text) != nullptr;
  }
  return false;
}

}  // namespace alfa::check
