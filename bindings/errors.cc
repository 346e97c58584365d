#include "errors.h"

#include <new>
#include <system_error>

namespace alfa::node {
namespace {

template <typename JsError>
Napi::Value new_error(Napi::Env env, Code code, const std::string& message) {
  Napi::Object error = JsError::New(env, message).Value();
  error.Set("code", std::string(name_of(code)));
  return error;
}

Error internal_error(const std::exception& error) {
  return {Code::kInternal, std::string("Internal error in alfa-vad: ") +
                               error.what() + ". Please report it."};
}

}  // namespace

void throw_argument(Napi::Env env, const std::string& message) {
  throw Napi::Error(env,
                    new_error<Napi::TypeError>(env, Code::kArgument, message));
}

void throw_range(Napi::Env env, const std::string& message) {
  throw Napi::Error(env,
                    new_error<Napi::RangeError>(env, Code::kRange, message));
}

Napi::Value error_to_js(Napi::Env env, const Error& error) {
  if (error.code == Code::kArgument)
    return new_error<Napi::TypeError>(env, error.code, error.what());
  if (error.code == Code::kRange)
    return new_error<Napi::RangeError>(env, error.code, error.what());
  return new_error<Napi::Error>(env, error.code, error.what());
}

std::optional<Error> catch_error(const std::function<void()>& f) {
  try {
    f();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(Code::kMemory,
                 "Not enough memory. Lower maxBatch or pass smaller images.");
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again)
      return Error(Code::kMemory,
                   "The system refuses to start another thread because of "
                   "memory or a limit (ulimit -v, ulimit -u). Close other "
                   "engines or raise the limit.");
    return internal_error(error);
  } catch (const std::exception& error) {
    return internal_error(error);
  }
}

}  // namespace alfa::node
