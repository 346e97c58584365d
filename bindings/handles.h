// Typed handles: a JavaScript External with a type tag around a shared_ptr.
// Any other value, or a handle of another type, is a TypeError. The object
// lives until JavaScript has collected the handle and no task uses the object.
#pragma once
#include <memory>

#include "engine.h"
#include "errors.h"
#include "js.h"
#include "worker.h"

namespace alfa::node {

// The last handle of an engine stops its worker.
struct EngineHandle {
  std::shared_ptr<Worker> worker;
  ~EngineHandle() { worker->abandon(); }
};

// Each type of handle has a name for messages, and a tag of 128 random bits.
template <typename T>
struct HandleType;

template <>
struct HandleType<EngineHandle> {
  static constexpr const char* kName = "an engine";
  static constexpr napi_type_tag kTag{0x8a1f6d0c53e94b27, 0x9c40d2f7a6b1e358};
};
template <>
struct HandleType<const Category> {
  static constexpr const char* kName = "a category";
  static constexpr napi_type_tag kTag{0x4be2937c10fd4a86, 0xb7e51c08d94f62a3};
};
template <>
struct HandleType<BankBuilder> {
  static constexpr const char* kName = "a bank builder";
  static constexpr napi_type_tag kTag{0x61c8e0f37a2d4b95, 0xa03bd6974ce1f258};
};
template <>
struct HandleType<const Bank> {
  static constexpr const char* kName = "a bank";
  static constexpr napi_type_tag kTag{0x2f90b7d4e86a4c13, 0x95d7c21e0b48fa36};
};
template <>
struct HandleType<MutualSet> {
  static constexpr const char* kName = "a mutual set";
  static constexpr napi_type_tag kTag{0xe7b5140a93fc4d62, 0x8c6e2f95d10ba743};
};
template <>
struct HandleType<Cancel> {
  static constexpr const char* kName = "a cancel";
  static constexpr napi_type_tag kTag{0xd36a5e81f2074c9b, 0x8f12b6a4c07d3e95};
};

template <typename T>
Napi::Value make_handle(Napi::Env env, std::shared_ptr<T> object) {
  using Pointer = std::shared_ptr<T>;
  auto external = Napi::External<Pointer>::New(
      env, new Pointer(std::move(object)),
      [](Napi::Env, Pointer* pointer) { delete pointer; });
  external.TypeTag(&HandleType<T>::kTag);
  return external;
}

template <typename T>
std::shared_ptr<T> object_in(const Napi::Value& handle) {
  using External = Napi::External<std::shared_ptr<T>>;
  if (!handle.IsExternal() ||
      !handle.As<External>().CheckTypeTag(&HandleType<T>::kTag))
    throw_argument(handle.Env(), std::string("Expected the handle of ") +
                                     HandleType<T>::kName + ".");
  return *handle.As<External>().Data();
}

}  // namespace alfa::node
