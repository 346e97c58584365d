#include "bench/json.h"

#include <cmath>
#include <cstdio>

namespace alfa::bench {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

}  // namespace

void Json::next(std::string_view key) {
  if (!first_) text_ += ',';
  if (depth_ > 0)
    text_ += '\n' + std::string(2 * static_cast<size_t>(depth_), ' ') +
             quoted(key) + ": ";
  first_ = false;
}

void Json::open(std::string_view key) {
  next(key);
  text_ += '{';
  ++depth_;
  first_ = true;
}

void Json::close() {
  --depth_;
  if (!first_)
    text_ += '\n' + std::string(2 * static_cast<size_t>(depth_), ' ');
  text_ += '}';
  first_ = false;
}

void Json::put(std::string_view key, double value) {
  next(key);
  char number[32];
  std::snprintf(number, sizeof number, "%.9g", value);
  text_ += std::isfinite(value) ? number : "null";
}

void Json::put(std::string_view key, const std::string& text) {
  next(key);
  text_ += quoted(text);
}

void Json::put(std::string_view key, const std::vector<int>& values) {
  next(key);
  text_ += '[';
  for (size_t i = 0; i < values.size(); ++i)
    text_ += (i ? ", " : "") + std::to_string(values[i]);
  text_ += ']';
}

std::string Json::finish() {
  while (depth_ > 0) close();
  return text_ + '\n';
}

}  // namespace alfa::bench
