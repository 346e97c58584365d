// One object of a config, read with the defaults of the library that wrote it.
// Numbers come out as dimensions that remember which key they came from, so
// that a weight of the wrong shape can name it. Every number is capped, so that
// products of any three fit 64 bits; nothing is ever allocated from one before
// a tensor's own shape agreed with it.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "checkpoint/json.h"

namespace alfa {

struct Dim {
  int64_t size = 0;
  std::string key;  // "vision_cfg.width of open_clip_config.json"

  operator int() const {
    return static_cast<int>(size);
  }  // at most 10^6 for a number read from a config
  Dim times(int64_t factor) const { return {size * factor, key}; }
};

class Section {
 public:
  // `name` is the path within the file, empty for the whole; a null `json` has
  // every key absent. Borrows `json`.
  Section(const Json* json, std::string name, std::string file);

  explicit operator bool() const { return json_ != nullptr; }
  const Json* json() const { return json_; }
  Section child(const char* key)
      const;  // Error(kModelMismatch) where the key holds no object
  std::string label(std::string_view key) const;

  Dim count(const char* key, int64_t fallback)
      const;  // 1 .. 10^6; a fallback of 0 makes the key required
  Dim side(const char* key, int64_t fallback) const;     // n, or [n, n]
  double ratio(const char* key, double fallback) const;  // > 0
  float epsilon(const char* key, float fallback) const;  // in (0, 1)
  std::string text(const char* key, const char* fallback) const;
  bool flag(const char* key, bool fallback) const;
  std::array<float, 3> channels(const char* key,
                                const std::array<float, 3>& fallback) const;

 private:
  std::string place() const;
  const Json& values() const;
  Dim checked(const char* key, double value) const;
  [[noreturn]] void fail(const char* key, const std::string& message) const;

  const Json* json_;
  std::string name_, file_;
};

}  // namespace alfa
