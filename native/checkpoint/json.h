// A small strict JSON reader for headers and configs (RFC 8259, UTF-8, depth
// and size capped by the caller's file). Ours because the build downloads
// nothing but npm packages, and none of those carries a kept C++ JSON header.
// Throws Error(kModelCorrupt) naming `what` and the byte offset.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace alfa {

class Json {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  static Json parse(std::string_view text, const std::string& what);

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string string;
  std::vector<Json> array;
  struct Member;
  std::vector<Member> object;  // in file order; a repeated key is an error

  const Json* find(
      std::string_view key) const;  // null where absent or not an object

  // Value of a key, or the default where the key is absent or null;
  // Error(kModelMismatch) on another kind.
  int64_t integer_or(std::string_view key, int64_t fallback,
                     const std::string& what) const;
  double number_or(std::string_view key, double fallback,
                   const std::string& what) const;
  bool bool_or(std::string_view key, bool fallback,
               const std::string& what) const;
  std::string string_or(std::string_view key, const std::string& fallback,
                        const std::string& what) const;
};

struct Json::Member {
  std::string key;
  Json value;
};

}  // namespace alfa
