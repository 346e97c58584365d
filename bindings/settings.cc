#include "settings.h"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "arguments.h"

namespace alfa::node {
namespace {

void read(const Napi::Value& value, const std::string& name, bool& field) {
  field = boolean_of(value, name);
}

void read(const Napi::Value& value, const std::string& name, float& field) {
  field = static_cast<float>(number_of(value, name));
}

template <typename Integer>
  requires std::is_integral_v<Integer>
void read(const Napi::Value& value, const std::string& name, Integer& field) {
  using Limits = std::numeric_limits<Integer>;
  const double min = static_cast<double>(Limits::min());
  const double max =
      std::min(kMaxSafeInteger, static_cast<double>(Limits::max()));
  field = static_cast<Integer>(integer_of(value, name, min, max));
}

template <typename Enum>
  requires std::is_enum_v<Enum>
void read(const Napi::Value& value, const std::string& name, Enum& field) {
  field = enum_of<Enum>(value, name);
}

void read(const Napi::Value& value, const std::string& name,
          std::vector<int>& field) {
  const Napi::Array array = array_of(value, name);
  field.resize(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i)
    read(array.Get(i), name + "[" + std::to_string(i) + "]", field[i]);
}

void check_keys(const Napi::Object& object, const std::string& name,
                const std::vector<std::string>& known) {
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString();
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw_argument(object.Env(),
                     "The native addon has no setting " + name + "." + key +
                         ". Build the addon and lib/ from the same version.");
  }
}

// A struct that has its own visit_fields.
template <typename Group>
  requires std::is_class_v<Group>
void read(const Napi::Value& value, const std::string& name, Group& group) {
  const Napi::Object object = object_of(value, name);
  std::vector<std::string> known;
  visit_fields(group, [&](const char* key, auto& field) {
    known.emplace_back(key);
    read(object.Get(key), name + "." + key, field);
  });
  check_keys(object, name, known);
}

}  // namespace

Settings settings_of(const Napi::Value& value) {
  Settings settings;
  read(value, "settings", settings);
  return settings;
}

}  // namespace alfa::node
