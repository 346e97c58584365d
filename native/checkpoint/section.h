// One object of a config file, read with the defaults of the library that wrote
// it. A number that is a dimension remembers its key, so that a message about a
// wrong shape can name it. Every number is at most 10^6, so the product of any
// three fits into 64 bits. Memory is only allocated after a tensor's shape
// agreed with the numbers.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "checkpoint/json.h"

namespace alfa {

struct Dim {
  int64_t size = 0;
  std::string key;  // "vision_cfg.width of open_clip_config.json"

  // Fits: a number from a config is at most 10^6.
  operator int() const { return static_cast<int>(size); }
  Dim times(int64_t factor) const { return {size * factor, key}; }
};

class Section {
 public:
  // `name` is the path of keys within the file, empty for the whole file. If
  // `json` is null, every key is absent. `json` must outlive the section.
  Section(const Json* json, std::string name, std::string file);

  explicit operator bool() const { return json_ != nullptr; }
  const Json* json() const { return json_; }

  // A nested object. Error(kModelMismatch) if the key holds something else.
  Section child(const char* key) const;
  std::string label(std::string_view key) const;  // "key of file", for messages

  // The value of a key, or `fallback` if the key is absent or null.
  // Error(kModelMismatch) for another type or a value out of range.
  Dim count(const char* key, int64_t fallback) const;  // 1 to 10^6; a fallback
                                                       // of 0 makes it required
  Dim side(const char* key, int64_t fallback) const;   // n or [n, n]
  double ratio(const char* key, double fallback) const;  // > 0
  float epsilon(const char* key, float fallback) const;  // in (0, 1)
  std::string text(const char* key, const char* fallback) const;
  bool flag(const char* key, bool fallback) const;
  std::array<float, 3> channels(const char* key,
                                const std::array<float, 3>& fallback) const;

 private:
  std::string path() const;
  const Json& values() const;
  Dim checked(const char* key, double value) const;
  [[noreturn]] void fail(const char* key, const std::string& message) const;

  const Json* json_;
  std::string name_, file_;
};

}  // namespace alfa
