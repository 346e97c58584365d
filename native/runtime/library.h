// Opening shared libraries at run time. Only this file knows the operating
// system's functions for it.
#pragma once
#include <string>

namespace alfa {

// Null if the library cannot be opened; `reason` then holds the system's
// message.
void* open_library(const std::string& path, std::string& reason);
// Null if the process has not loaded a library with this name.
void* loaded_library(const char* name);
// Null if the library has no such symbol.
void* find_symbol(void* library, const char* name);

// Turns off the telemetry of ONNX Runtime for Linux and macOS. Otherwise, when
// the library is opened, it creates a device id and a database in the user's
// cache folder, log files, and an upload thread. Call it before the library is
// opened, while no other thread reads the environment. It does not change
// ORT_DISABLE_TELEMETRY if the user has set it.
void disable_telemetry();

}  // namespace alfa
