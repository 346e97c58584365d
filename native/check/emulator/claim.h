// What the emulation's checks of itself share.
#pragma once
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check/registry.h"
#include "error.h"

namespace alfa::check {

// Answers 1 where `holds` does.
inline void add_claim(Cases& cases, const std::string& name,
                      std::function<bool(Device&)> holds) {
  const auto make = [holds] {
    return Work{[holds](Device& device) -> Call {
                  const auto found = std::make_shared<float>(0.0f);
                  return {[=, &device] { *found = holds(device) ? 1 : 0; },
                          [=] { return std::vector<float>{*found}; }};
                },
                [] { return std::vector<double>{1}; }};
  };
  cases.push_back({name, exact("holds"), make});
}

// Whether the call throws an Error that holds `words`.
template <typename F>
bool says(const char* words, F call) {
  try {
    call();
  } catch (const Error& error) {
    return std::strstr(error.what(), words) != nullptr;
  }
  return false;
}

}  // namespace alfa::check
