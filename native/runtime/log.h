// Where messages go; the library itself prints nothing.
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

// Called from any thread.
using Log = std::function<void(LogLevel, const std::string&)>;

}  // namespace alfa
