#include "checkpoint/section.h"

#include <cmath>
#include <sstream>

#include "error.h"

namespace alfa {
namespace {

constexpr double kLargest = 1e6;

const Json kAbsent;

std::string number_text(double value) {
  return (std::ostringstream() << value).str();
}

}  // namespace

Section::Section(const Json* json, std::string name, std::string file)
    : json_(json), name_(std::move(name)), file_(std::move(file)) {}

std::string Section::label(std::string_view key) const {
  return (name_.empty() ? "" : name_ + ".") + std::string(key) + " of " + file_;
}

std::string Section::path() const {
  return name_.empty() ? file_ : file_ + ": " + name_;
}

const Json& Section::values() const { return json_ ? *json_ : kAbsent; }

void Section::fail(const char* key, const std::string& message) const {
  throw Error(Code::kModelMismatch, label(key) + " " + message);
}

Section Section::child(const char* key) const {
  const Json* value = values().find(key);
  if (value && value->kind == Json::Kind::kNull) value = nullptr;
  if (value && value->kind != Json::Kind::kObject)
    fail(key, "must be an object");
  return Section(value, name_.empty() ? key : name_ + "." + key, file_);
}

Dim Section::checked(const char* key, double value) const {
  if (!(value >= 1 && value <= kLargest) || value != std::floor(value))
    fail(key, "must be an integer from 1 to " + number_text(kLargest) +
                  ", but is " + number_text(value));
  return {static_cast<int64_t>(value), label(key)};
}

Dim Section::count(const char* key, int64_t fallback) const {
  const double value =
      values().number_or(key, static_cast<double>(fallback), path());
  if (value == 0 && fallback == 0) fail(key, "is missing");
  return checked(key, value);
}

Dim Section::side(const char* key, int64_t fallback) const {
  const Json* value = values().find(key);
  if (!value || value->kind != Json::Kind::kArray) return count(key, fallback);
  for (const Json& each : value->array)
    if (each.kind != Json::Kind::kNumber ||
        each.number != value->array[0].number)
      throw Error(
          Code::kModelUnsupported,
          label(key) +
              " must be one number or two equal numbers: only square images "
              "and patches are supported");
  if (value->array.empty() || value->array.size() > 2)
    fail(key, "must be one number or two equal numbers");
  return checked(key, value->array[0].number);
}

double Section::ratio(const char* key, double fallback) const {
  const double value = values().number_or(key, fallback, path());
  if (!(value > 0 && value <= kLargest))
    fail(key, "must be a positive number, but is " + number_text(value));
  return value;
}

float Section::epsilon(const char* key, float fallback) const {
  const double value = values().number_or(key, fallback, path());
  if (!(static_cast<float>(value) > 0 && value < 1))
    fail(key, "must be between 0 and 1, but is " + number_text(value));
  return static_cast<float>(value);
}

std::string Section::text(const char* key, const char* fallback) const {
  return values().string_or(key, fallback, path());
}

bool Section::flag(const char* key, bool fallback) const {
  return values().bool_or(key, fallback, path());
}

std::array<float, 3> Section::channels(
    const char* key, const std::array<float, 3>& fallback) const {
  const Json* value = values().find(key);
  if (!value || value->kind == Json::Kind::kNull) return fallback;
  std::array<float, 3> out{};
  bool valid = value->kind == Json::Kind::kArray && value->array.size() == 3;
  for (size_t i = 0; valid && i < 3; ++i) {
    valid = value->array[i].kind == Json::Kind::kNumber &&
            std::fabs(value->array[i].number) <= kLargest;
    out[i] = static_cast<float>(value->array[i].number);
  }
  if (!valid) fail(key, "must be a list of three numbers, one per colour");
  return out;
}

}  // namespace alfa
