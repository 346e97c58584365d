#include <algorithm>
#include <cmath>
#include <locale>
#include <sstream>

#include "checkpoint/json.h"
#include "checkpoint/quote.h"
#include "error.h"

namespace alfa {
namespace {

// The parser and the destructor of Json recurse once per level.
constexpr int kLargestDepth = 64;
// About 100 MB of Json. The header of a checkpoint has about 10,000 values.
constexpr size_t kMostValues = 1000000;

class Parser {
 public:
  Parser(std::string_view text, const std::string& source)
      : text_(text), source_(source) {}

  Json document() {
    Json value = parse_value(0);
    skip_space();
    if (at_ < text_.size()) fail("expected the end of the document");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(Code::kModelCorrupt, source_ + ": not valid JSON at byte " +
                                         std::to_string(at_) + ": " + message);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool digit() const { return peek() >= '0' && peek() <= '9'; }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                  text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool accept(char c) {
    skip_space();
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }

  bool accept_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Json parse_value(int depth) {
    if (++values_ > kMostValues)
      fail("more than " + std::to_string(kMostValues) + " values");
    skip_space();
    Json value;
    if (accept('{')) {
      value.kind = Json::Kind::kObject;
      parse_object(value, depth);
    } else if (accept('[')) {
      value.kind = Json::Kind::kArray;
      parse_array(value, depth);
    } else if (peek() == '"') {
      value.kind = Json::Kind::kString;
      value.string = parse_string();
    } else if (peek() == '-' || digit()) {
      value.kind = Json::Kind::kNumber;
      value.number = parse_number();
    } else if (accept_word("true")) {
      value.kind = Json::Kind::kBool;
      value.boolean = true;
    } else if (accept_word("false")) {
      value.kind = Json::Kind::kBool;
    } else if (!accept_word("null")) {
      fail("expected a value");
    }
    return value;
  }

  void check_depth(int depth) const {
    if (depth >= kLargestDepth)
      fail("more than " + std::to_string(kLargestDepth) + " levels of nesting");
  }

  void parse_object(Json& into, int depth) {
    check_depth(depth);
    if (accept('}')) return;
    do {
      skip_space();
      std::string key = parse_string();
      expect(':');
      Json value = parse_value(depth + 1);
      into.object.push_back({std::move(key), std::move(value)});
    } while (accept(','));
    expect('}');

    std::vector<std::string_view> keys;
    keys.reserve(into.object.size());
    for (const auto& member : into.object) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto repeated = std::adjacent_find(keys.begin(), keys.end());
    if (repeated != keys.end())
      fail("the key " + in_quotes(*repeated) +
           " is repeated in the object that ends here");
  }

  void parse_array(Json& into, int depth) {
    check_depth(depth);
    if (accept(']')) return;
    do into.array.push_back(parse_value(depth + 1));
    while (accept(','));
    expect(']');
  }

  void skip_digits() {
    if (!digit()) fail("expected a digit");
    while (digit()) ++at_;
  }

  double parse_number() {
    const size_t begin = at_;
    bool integer = true;
    if (peek() == '-') ++at_;
    if (peek() == '0')
      ++at_;
    else
      skip_digits();
    if (peek() == '.') {
      integer = false;
      ++at_;
      skip_digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      integer = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      skip_digits();
    }
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (integer && digits.size() <= 15) {
      int64_t number = 0;
      for (char c : digits) number = c == '-' ? 0 : number * 10 + (c - '0');
      return static_cast<double>(digits[0] == '-' ? -number : number);
    }
    // strtod depends on the locale of the process, and older libc++ has no
    // from_chars for double.
    std::istringstream in{std::string(digits)};
    in.imbue(std::locale::classic());
    double number = 0;
    if (!(in >> number) || !std::isfinite(number))
      fail("a number out of range");
    return number;
  }

  uint32_t parse_hex4() {
    uint32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      if (c >= '0' && c <= '9')
        unit = unit * 16 + (c - '0');
      else if (c >= 'a' && c <= 'f')
        unit = unit * 16 + (c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        unit = unit * 16 + (c - 'A' + 10);
      else
        fail("expected four hexadecimal digits");
    }
    return unit;
  }

  uint32_t parse_unicode_escape() {
    const uint32_t high = parse_hex4();
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || !accept_word("\\u"))
      fail("an incomplete surrogate pair");
    const uint32_t low = parse_hex4();
    if (low < 0xDC00 || low > 0xDFFF) fail("an incomplete surrogate pair");
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  }

  static void append_utf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  // Appends the multi-byte character at the cursor. Rejects overlong forms,
  // surrogates and single continuation bytes.
  void copy_utf8(std::string& out) {
    const auto byte = [&](size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i])
                                    : 0u;
    };
    const uint32_t first = byte(0);
    const int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) fail("invalid UTF-8");
    uint32_t code = first & (0xFFu >> (length + 1));
    for (int i = 1; i < length; ++i) {
      if ((byte(i) & 0xC0) != 0x80) fail("invalid UTF-8");
      code = code << 6 | (byte(i) & 0x3F);
    }
    const uint32_t least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
      fail("invalid UTF-8");
    out.append(text_.substr(at_, length));
    at_ += length;
  }

  std::string parse_string() {
    if (peek() != '"') fail("expected a string");
    ++at_;
    std::string out;
    while (peek() != '"') {
      const unsigned char c = static_cast<unsigned char>(peek());
      if (at_ >= text_.size()) fail("an unterminated string");
      if (c < 0x20) fail("a control character in a string");
      if (c >= 0x80) {
        copy_utf8(out);
      } else if (c != '\\') {
        out += static_cast<char>(c);
        ++at_;
      } else {
        ++at_;
        append_escape(out);
      }
    }
    ++at_;
    return out;
  }

  void append_escape(std::string& out) {
    const char c = peek();
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kCharacters = "\"\\/\b\f\n\r\t";
    const size_t named =
        at_ < text_.size() ? kNames.find(c) : std::string_view::npos;
    if (named != std::string_view::npos) {
      out += kCharacters[named];
      ++at_;
    } else if (c == 'u') {
      ++at_;
      append_utf8(out, parse_unicode_escape());
    } else {
      fail("an unknown escape");
    }
  }

  std::string_view text_;
  const std::string& source_;
  size_t at_ = 0;
  size_t values_ = 0;
};

}  // namespace

Json Json::parse(std::string_view text, const std::string& source) {
  return Parser(text, source).document();
}

}  // namespace alfa
