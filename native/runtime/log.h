// Where messages go; the library itself prints nothing.
#pragma once
#include <functional>
#include <string>

namespace alfa {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
using Log = std::function<void(LogLevel,
                               const std::string&)>;  // called from any thread

}  // namespace alfa
