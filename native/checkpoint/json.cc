#include "checkpoint/json.h"

#include <cmath>
#include <sstream>

#include "checkpoint/quote.h"
#include "error.h"

namespace alfa {
namespace {

constexpr double kLargestInteger =
    9007199254740992.0;  // 2^53: beyond it a double no longer counts one by one

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

// The value of a key if it is of `kind`; null where the default applies.
const Json* typed(const Json& in, std::string_view key, Json::Kind kind,
                  const std::string& what) {
  const Json* value = in.find(key);
  if (!value || value->kind == Json::Kind::kNull) return nullptr;
  if (value->kind != kind)
    throw Error(Code::kModelMismatch, what + ": " + in_quotes(key) +
                                          " must be " + kind_name(kind) +
                                          ", found " + kind_name(value->kind));
  return value;
}

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (const auto& member : object)
    if (member.key == key) return &member.value;
  return nullptr;
}

int64_t Json::integer_or(std::string_view key, int64_t fallback,
                         const std::string& what) const {
  const Json* value = typed(*this, key, Kind::kNumber, what);
  if (!value) return fallback;
  if (value->number != std::floor(value->number) ||
      std::fabs(value->number) > kLargestInteger)
    throw Error(Code::kModelMismatch,
                what + ": " + in_quotes(key) +
                    " must be a whole number, found " +
                    (std::ostringstream() << value->number).str());
  return static_cast<int64_t>(value->number);
}

double Json::number_or(std::string_view key, double fallback,
                       const std::string& what) const {
  const Json* value = typed(*this, key, Kind::kNumber, what);
  return value ? value->number : fallback;
}

bool Json::bool_or(std::string_view key, bool fallback,
                   const std::string& what) const {
  const Json* value = typed(*this, key, Kind::kBool, what);
  return value ? value->boolean : fallback;
}

std::string Json::string_or(std::string_view key, const std::string& fallback,
                            const std::string& what) const {
  const Json* value = typed(*this, key, Kind::kString, what);
  return value ? value->string : fallback;
}

}  // namespace alfa
