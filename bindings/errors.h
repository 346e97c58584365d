// Errors on their way to JavaScript. Every error has a `code` (native/error.h).
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "engine.h"
#include "js.h"

namespace alfa::node {

// A TypeError with ERR_ALFA_ARGUMENT: a wrong type.
[[noreturn]] void throw_argument(Napi::Env env, const std::string& message);
// A RangeError with ERR_ALFA_RANGE: the right type, a value out of range.
[[noreturn]] void throw_range(Napi::Env env, const std::string& message);

// The JavaScript error for an error of the engine.
Napi::Value error_to_js(Napi::Env env, const Error& error);

// Calls f on any thread. Returns the error that it threw, as one of ours.
std::optional<Error> catch_error(const std::function<void()>& f);

// Calls f on the event loop's thread. An engine error becomes a JavaScript
// exception.
template <typename F>
auto throw_in_js(Napi::Env env, F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw Napi::Error(env, error_to_js(env, error));
  }
}

}  // namespace alfa::node
