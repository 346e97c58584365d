#include "checkpoint/json.h"

#include <cmath>
#include <sstream>

#include "checkpoint/quote.h"
#include "error.h"

namespace alfa {
namespace {

constexpr double kLargestInteger = 0x1p53;  // a double holds every one below

const char* kind_name(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::kNull:
      return "null";
    case Json::Kind::kBool:
      return "a boolean";
    case Json::Kind::kNumber:
      return "a number";
    case Json::Kind::kString:
      return "a string";
    case Json::Kind::kArray:
      return "a list";
    case Json::Kind::kObject:
      return "an object";
  }
  return "nothing";
}

// The value of a key, or null if the fallback applies.
const Json* find_kind(const Json& in, std::string_view key, Json::Kind kind,
                      const std::string& source) {
  const Json* value = in.find(key);
  if (!value || value->kind == Json::Kind::kNull) return nullptr;
  if (value->kind != kind)
    throw Error(Code::kModelMismatch, source + ": " + in_quotes(key) +
                                          " must be " + kind_name(kind) +
                                          ", but is " + kind_name(value->kind));
  return value;
}

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (const auto& member : object)
    if (member.key == key) return &member.value;
  return nullptr;
}

int64_t Json::integer_or(std::string_view key, int64_t fallback,
                         const std::string& source) const {
  const Json* value = find_kind(*this, key, Kind::kNumber, source);
  if (!value) return fallback;
  if (value->number != std::floor(value->number) ||
      std::fabs(value->number) > kLargestInteger)
    throw Error(Code::kModelMismatch,
                source + ": " + in_quotes(key) +
                    " must be an integer, but is " +
                    (std::ostringstream() << value->number).str());
  return static_cast<int64_t>(value->number);
}

double Json::number_or(std::string_view key, double fallback,
                       const std::string& source) const {
  const Json* value = find_kind(*this, key, Kind::kNumber, source);
  return value ? value->number : fallback;
}

bool Json::bool_or(std::string_view key, bool fallback,
                   const std::string& source) const {
  const Json* value = find_kind(*this, key, Kind::kBool, source);
  return value ? value->boolean : fallback;
}

std::string Json::string_or(std::string_view key, const std::string& fallback,
                            const std::string& source) const {
  const Json* value = find_kind(*this, key, Kind::kString, source);
  return value ? value->string : fallback;
}

}  // namespace alfa
