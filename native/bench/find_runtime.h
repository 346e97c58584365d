// Finds the library of ONNX Runtime.
#pragma once
#include <string>

namespace alfa::bench {

// Returns the absolute path of the library. `path` is the file, its folder, or
// a folder with lib/ or capi/ below. If it is empty, the environment variable
// ALFA_ORT_DIR counts, then the folder of this program. Error(kRuntime) if
// nothing is found.
std::string find_runtime(const std::string& path, const char* program);

}  // namespace alfa::bench
