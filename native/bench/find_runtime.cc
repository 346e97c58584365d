#include "bench/find_runtime.h"

#include <cstdlib>
#include <filesystem>

#include "error.h"

namespace alfa::bench {
namespace {

namespace fs = std::filesystem;

// libonnxruntime.so, .so.1, .so.1.30.0, .dylib, .1.dylib, or onnxruntime.dll.
// Not the libraries of its providers.
bool is_runtime(const std::string& name) {
  return name.rfind("libonnxruntime.so", 0) == 0 || name == "onnxruntime.dll" ||
         (name.rfind("libonnxruntime.", 0) == 0 && name.size() > 6 &&
          name.compare(name.size() - 6, 6, ".dylib") == 0);
}

std::string in_folder(const fs::path& folder) {
  std::error_code error;
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (is_runtime(name) && (found.empty() || name < found)) found = name;
  }
  return found.empty() ? found : (folder / found).string();
}

fs::path folder_of(const char* program) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return (error ? fs::absolute(program) : self).parent_path();
}

}  // namespace

std::string find_runtime(const std::string& path, const char* program) {
  const char* set = std::getenv("ALFA_ORT_DIR");
  const fs::path start = fs::absolute(!path.empty() ? fs::path(path)
                                      : set && *set ? fs::path(set)
                                                    : folder_of(program));
  std::error_code error;
  if (fs::is_regular_file(start, error)) return start.string();
  for (const char* below : {"", "lib", "capi"})
    if (const std::string found = in_folder(*below ? start / below : start);
        !found.empty())
      return found;
  throw Error(
      Code::kRuntime,
      "libonnxruntime was not found in " + start.string() +
          ". Give the file or its folder with --runtime or ALFA_ORT_DIR. "
          "The Python package of ONNX Runtime has it in onnxruntime/capi.");
}

}  // namespace alfa::bench
