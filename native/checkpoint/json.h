// A small strict JSON reader for headers and configs: RFC 8259, UTF-8, limited
// depth and number of values. The build only downloads npm packages, and none
// of them has a maintained C++ JSON header.
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

  // Error(kModelCorrupt) names `source` and the byte offset.
  static Json parse(std::string_view text, const std::string& source);

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string string;
  std::vector<Json> array;
  struct Member;
  std::vector<Member> object;  // in file order; a repeated key is an error

  // Null if the key is absent or this is not an object.
  const Json* find(std::string_view key) const;

  // The value of a key, or `fallback` if the key is absent or null.
  // Error(kModelMismatch) for a value of another kind.
  int64_t integer_or(std::string_view key, int64_t fallback,
                     const std::string& source) const;
  double number_or(std::string_view key, double fallback,
                   const std::string& source) const;
  bool bool_or(std::string_view key, bool fallback,
               const std::string& source) const;
  std::string string_or(std::string_view key, const std::string& fallback,
                        const std::string& source) const;
};

struct Json::Member {
  std::string key;
  Json value;
};

}  // namespace alfa
