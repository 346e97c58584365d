// Shared libraries at run time, the one place that knows the operating system's calls for it.
#pragma once
#include <string>

namespace alfa {

void* open_library(const std::string& path, std::string& reason);  // null and a reason where it fails
void* loaded_library(const char* name);                            // null where the process has none of that name
void* find_symbol(void* library, const char* name);                // null where absent

}  // namespace alfa
