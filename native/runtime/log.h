// Log messages go to a function of the caller. The library itself prints
// nothing.
#pragma once
#include <functional>
#include <string>

#include "enum_names.h"

namespace alfa {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
template <>
inline constexpr EnumName<LogLevel> kNamesOf<LogLevel>[] = {
    {LogLevel::kDebug, "debug"},
    {LogLevel::kInfo, "info"},
    {LogLevel::kWarn, "warn"},
    {LogLevel::kError, "error"},
};

// Any thread may call it.
using Log = std::function<void(LogLevel, const std::string&)>;

}  // namespace alfa
