// Names of enum values, for settings, options and messages.
#pragma once
#include <string_view>

namespace alfa {

template <typename Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};

// Specialised beside each enum that has names: an array of EnumName<Enum>.
template <typename Enum>
inline constexpr auto kNamesOf = nullptr;

// The first name of a value; "" if it has none.
template <typename Enum>
constexpr std::string_view name_of(Enum value) {
  for (const EnumName<Enum>& each : kNamesOf<Enum>)
    if (each.value == value) return each.name;
  return {};
}

}  // namespace alfa
