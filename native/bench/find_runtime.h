// Where ONNX Runtime's library lies.
#pragma once
#include <string>

namespace alfa::bench {

// Absolute path. `given`: a file or a folder (or one above its lib/ or capi/);
// empty: the environment's ALFA_ORT_DIR, else the folder of this program.
// Error(kRuntime) where there is none, saying where it was looked for.
std::string find_runtime(const std::string& given, const char* program);

}  // namespace alfa::bench
