#include "bench/find_runtime.h"

#include <cstdlib>
#include <filesystem>

#include "error.h"

namespace alfa::bench {
namespace {

namespace fs = std::filesystem;

// libonnxruntime.so, .so.1, .so.1.30.0; .dylib, .1.dylib; onnxruntime.dll. Not
// the providers' libraries beside it.
bool is_runtime(const std::string& name) {
  return name.rfind("libonnxruntime.so", 0) == 0 || name == "onnxruntime.dll" ||
         (name.rfind("libonnxruntime.", 0) == 0 && name.size() > 6 &&
          name.compare(name.size() - 6, 6, ".dylib") == 0);
}

std::string in_folder(const fs::path& folder) {
  std::error_code none;
  std::string found;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (is_runtime(name) && (found.empty() || name < found)) found = name;
  }
  return found.empty() ? found : (folder / found).string();
}

fs::path folder_of(const char* program) {
  std::error_code none;
  const fs::path self = fs::read_symlink("/proc/self/exe", none);
  return (none ? fs::absolute(program) : self).parent_path();
}

}  // namespace

std::string find_runtime(const std::string& given, const char* program) {
  const char* set = std::getenv("ALFA_ORT_DIR");
  const fs::path place = fs::absolute(!given.empty() ? fs::path(given)
                                      : set && *set  ? fs::path(set)
                                                     : folder_of(program));
  std::error_code none;
  if (fs::is_regular_file(place, none)) return place.string();
  for (const char* below : {"", "lib", "capi"})
    if (const std::string found = in_folder(*below ? place / below : place);
        !found.empty())
      return found;
  throw Error(
      Code::kRuntime,
      "No libonnxruntime in " + place.string() +
          ". Name the file or its folder with --runtime or ALFA_ORT_DIR; "
          "Python's package carries it in onnxruntime/capi.");
}

}  // namespace alfa::bench
