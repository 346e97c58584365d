// Opaque handles for JavaScript: an External with a type tag, so that a handle
// of another kind, or a stranger's, is an error and not a crash.
#pragma once
#include <napi.h>

#include <memory>
#include <string>

namespace alfa::node {

template <typename T>
struct HandleType;  // specialised per kind: `name`, for messages, and `tag`,
                    // 128 bits

template <typename T>
Napi::Value make_handle(Napi::Env env, std::shared_ptr<T> object) {
  auto* box = new std::shared_ptr<T>(std::move(object));
  auto external = Napi::External<std::shared_ptr<T>>::New(
      env, box, [](Napi::Env, std::shared_ptr<T>* b) { delete b; });
  external.TypeTag(&HandleType<T>::tag);
  return external;
}

template <typename T>
std::shared_ptr<T> take_handle(const Napi::Value& value) {
  if (!value.IsExternal() ||
      !value.As<Napi::External<std::shared_ptr<T>>>().CheckTypeTag(
          &HandleType<T>::tag)) {
    auto error =
        Napi::TypeError::New(value.Env(), std::string("Expected ") +
                                              HandleType<T>::name + " handle.");
    error.Set("code", "ERR_ALFA_ARGUMENT");
    throw error;
  }
  return *value.As<Napi::External<std::shared_ptr<T>>>().Data();
}

}  // namespace alfa::node
