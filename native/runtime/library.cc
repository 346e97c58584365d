#include "runtime/library.h"

#include <cstdlib>
#include <system_error>

#include "runtime/path.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace alfa {

#ifdef _WIN32

// On Windows, Ort::Env::DisableTelemetryEvents is enough.
void disable_telemetry() {}

void* open_library(const std::string& path, std::string& reason) {
  void* library = LoadLibraryExW(path_of(path).c_str(), nullptr,
                                 LOAD_WITH_ALTERED_SEARCH_PATH);
  if (!library)
    reason = std::system_category().message(static_cast<int>(GetLastError()));
  return library;
}

void* loaded_library(const char* name) {
  return GetModuleHandleW(path_of(name).c_str());
}

void* find_symbol(void* library, const char* name) {
  return reinterpret_cast<void*>(
      GetProcAddress(static_cast<HMODULE>(library), name));
}

#else

void disable_telemetry() { setenv("ORT_DISABLE_TELEMETRY", "1", 0); }

void* open_library(const std::string& path, std::string& reason) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) reason = dlerror();
  return library;
}

void* loaded_library(const char* name) {
  return dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
}

void* find_symbol(void* library, const char* name) {
  return dlsym(library, name);
}

#endif

}  // namespace alfa
