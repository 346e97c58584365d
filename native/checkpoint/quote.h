// Untrusted text for error messages: cut to a limited length, with control
// characters replaced.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alfa {

inline std::string in_quotes(std::string_view text) {
  constexpr size_t kLongest = 120;
  std::string out = "'";
  for (char c : text.substr(0, kLongest))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + (text.size() > kLongest ? "...'" : "'");
}

inline std::string shape_text(const std::vector<int64_t>& shape) {
  constexpr size_t kLongest = 8;
  std::string out = "[";
  for (size_t i = 0; i < shape.size() && i < kLongest; ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() > kLongest ? ", ...]" : "]");
}

}  // namespace alfa
