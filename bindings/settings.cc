#include "settings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "arguments.h"

namespace alfa::node {
namespace {

// The largest integer up to which a double holds every integer.
constexpr double kMaxSafeInteger = 9007199254740991.0;

void read(const Napi::Value& value, const std::string& name, bool& field) {
  if (!value.IsBoolean())
    throw_argument(value.Env(), "Expected a boolean for " + name + ".");
  field = value.As<Napi::Boolean>();
}

double number_in(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber())
    throw_argument(value.Env(), "Expected a number for " + name + ".");
  return value.As<Napi::Number>().DoubleValue();
}

void read(const Napi::Value& value, const std::string& name, float& field) {
  field = static_cast<float>(number_in(value, name));
}

template <typename Integer>
  requires std::is_integral_v<Integer>
void read(const Napi::Value& value, const std::string& name, Integer& field) {
  constexpr double kMax =
      std::min(kMaxSafeInteger,
               static_cast<double>(std::numeric_limits<Integer>::max()));
  constexpr double kMin = std::is_signed_v<Integer> ? -kMax : 0;
  const double number = number_in(value, name);
  if (!(number >= kMin && number <= kMax) || number != std::trunc(number))
    throw_range(value.Env(), "Expected an integer for " + name + ".");
  field = static_cast<Integer>(number);
}

void read(const Napi::Value& value, const std::string& name,
          std::vector<int>& field) {
  if (!value.IsArray())
    throw_argument(value.Env(), "Expected an array for " + name + ".");
  const auto array = value.As<Napi::Array>();
  field.resize(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i)
    read(array.Get(i), name + "[" + std::to_string(i) + "]", field[i]);
}

template <typename Enum>
  requires std::is_enum_v<Enum>
void read(const Napi::Value& value, const std::string& name, Enum& field) {
  if (!value.IsString())
    throw_argument(value.Env(), "Expected a string for " + name + ".");
  const std::string text = value.As<Napi::String>();
  for (const EnumName<Enum>& each : kNamesOf<Enum>)
    if (text == each.name) {
      field = each.value;
      return;
    }
  throw_range(value.Env(), "Unknown value '" + text + "' for " + name + ".");
}

template <typename Group>
  requires std::is_class_v<Group>
void read(const Napi::Value& value, const std::string& name, Group& group) {
  if (!value.IsObject())
    throw_argument(value.Env(), "Expected an object for " + name + ".");
  const auto object = value.As<Napi::Object>();
  std::vector<std::string> known;
  visit_fields(group, [&](const char* key, auto& field) {
    known.emplace_back(key);
    read(object.Get(key), name + "." + key, field);
  });
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString();
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw_argument(value.Env(),
                     "The native engine has no setting " + name + "." + key +
                         "; build the addon and lib/ from the same version.");
  }
}

}  // namespace

Settings settings_of(const Napi::Value& value) {
  Settings settings;
  read(value, "settings", settings);
  return settings;
}

}  // namespace alfa::node
