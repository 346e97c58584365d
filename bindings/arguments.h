// JavaScript values as C++ values. lib/ checks what users pass. These functions
// check again, so that no argument can make native code read foreign memory.
// Each throws a TypeError (ERR_ALFA_ARGUMENT) for a wrong type and a RangeError
// (ERR_ALFA_RANGE) for a value out of range; `name` is for the message.
#pragma once
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "engine.h"
#include "errors.h"
#include "js.h"

namespace alfa::node {

// Doubles hold every integer up to this one.
constexpr double kMaxSafeInteger = 9007199254740991.0;
constexpr double kMaxCount = 65536;

bool boolean_of(const Napi::Value& value, const std::string& name);
double number_of(const Napi::Value& value, const std::string& name);
// An integer from min to max.
double integer_of(const Napi::Value& value, const std::string& name, double min,
                  double max);
// An integer from min to kMaxCount.
int count_of(const Napi::Value& value, const std::string& name, int min);
std::string string_of(const Napi::Value& value, const std::string& name);
std::vector<std::string> strings_of(const Napi::Value& value,
                                    const std::string& name);
Napi::Array array_of(const Napi::Value& value, const std::string& name);
Napi::Object object_of(const Napi::Value& value, const std::string& name);

// One of the names in kNamesOf<Enum>.
template <typename Enum>
  requires std::is_enum_v<Enum>
Enum enum_of(const Napi::Value& value, const std::string& name) {
  const std::string text = string_of(value, name);
  for (const EnumName<Enum>& each : kNamesOf<Enum>)
    if (text == each.name) return each.value;
  throw_range(value.Env(), "Unknown value '" + text + "' for " + name + ".");
}

// The elements of a typed array, without a copy. The span is valid while the
// array is referenced and its buffer is not transferred.
template <typename T>
std::span<T> span_of(const Napi::Value& value, const std::string& name);

// { data, width, height, channels } without a copy of the pixels. `keep` gets a
// reference that keeps them alive.
PixelView image_of(const Napi::Value& value,
                   std::vector<Napi::ObjectReference>& keep);

}  // namespace alfa::node
