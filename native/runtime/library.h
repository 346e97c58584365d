// Shared libraries at run time, the one place that knows the operating system's
// calls for it.
#pragma once
#include <string>

namespace alfa {

void* open_library(const std::string& path,
                   std::string& reason);  // null and a reason where it fails
void* loaded_library(
    const char* name);  // null where the process has none of that name
void* find_symbol(void* library, const char* name);  // null where absent

// ONNX Runtime for Linux and macOS otherwise makes a device id and a database
// in the user's cache folder, logs in the folder of temporary files, and a
// thread that uploads, all before it can be told not to. Call it before the
// library is opened, while no other thread reads the environment; who has set
// ORT_DISABLE_TELEMETRY has chosen.
void decline_telemetry();

}  // namespace alfa
