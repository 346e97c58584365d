// Paths come as UTF-8, as Node says them; on Windows the file system wants them
// as something else.
#pragma once
#include <filesystem>
#include <string>

namespace alfa {

inline std::filesystem::path path_of(const std::string& utf8) {
  return std::filesystem::path(std::u8string_view(
      reinterpret_cast<const char8_t*>(utf8.data()), utf8.size()));
}

}  // namespace alfa
