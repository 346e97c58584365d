#pragma once
#include <filesystem>
#include <string>

namespace alfa {

// Paths come from Node as UTF-8. The file system of Windows needs UTF-16, which
// std::filesystem::path converts to.
inline std::filesystem::path path_of(const std::string& utf8) {
  return std::filesystem::path(std::u8string_view(
      reinterpret_cast<const char8_t*>(utf8.data()), utf8.size()));
}

}  // namespace alfa
