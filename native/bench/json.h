// Writes a JSON document from start to end. Only texts are escaped, not keys.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace alfa::bench {

class Json {
 public:
  Json() { open(); }
  // Opens an object. Without a key it is the document itself.
  void open(std::string_view key = {});
  void close();
  void put(std::string_view key, double value);  // null if not finite
  void put(std::string_view key, const std::string& text);
  void put(std::string_view key, const std::vector<int>& values);
  std::string finish();  // closes all objects

 private:
  void next(std::string_view key);
  std::string text_;
  int depth_ = 0;
  bool first_ = true;
};

}  // namespace alfa::bench
