// A JSON document written from its beginning to its end. Keys are ours; only
// texts are escaped.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace alfa::bench {

class Json {
 public:
  Json() { open(); }
  void open(std::string_view key =
                {});  // an object, the document's own where no key is given
  void close();
  void put(std::string_view key,
           double value);  // null where it is no finite number
  void put(std::string_view key, const std::string& text);
  void put(std::string_view key, const std::vector<int>& values);
  std::string finish();  // closes what is open

 private:
  void next(std::string_view key);
  std::string text_;
  int depth_ = 0;
  bool first_ = true;
};

}  // namespace alfa::bench
