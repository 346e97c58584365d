#include "arguments.h"

#include <cmath>

namespace alfa::node {
namespace {

template <typename T>
constexpr napi_typedarray_type kArrayType = napi_uint8_array;
template <>
constexpr napi_typedarray_type kArrayType<float> = napi_float32_array;
template <>
constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;
template <>
constexpr napi_typedarray_type kArrayType<int32_t> = napi_int32_array;

std::string integer_text(double value) {
  return std::to_string(static_cast<int64_t>(value));
}

}  // namespace

bool boolean_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean())
    throw_argument(value.Env(), "Expected a boolean for " + name + ".");
  return value.As<Napi::Boolean>();
}

double number_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber())
    throw_argument(value.Env(), "Expected a number for " + name + ".");
  return value.As<Napi::Number>().DoubleValue();
}

double integer_of(const Napi::Value& value, const std::string& name, double min,
                  double max) {
  const double number = number_of(value, name);
  if (!(number >= min && number <= max) || number != std::trunc(number))
    throw_range(value.Env(), "Expected an integer from " + integer_text(min) +
                                 " to " + integer_text(max) + " for " + name +
                                 ".");
  return number;
}

int count_of(const Napi::Value& value, const std::string& name, int min) {
  return static_cast<int>(integer_of(value, name, min, kMaxCount));
}

std::string string_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsString())
    throw_argument(value.Env(), "Expected a string for " + name + ".");
  return value.As<Napi::String>();
}

Napi::Array array_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray())
    throw_argument(value.Env(), "Expected an array for " + name + ".");
  return value.As<Napi::Array>();
}

Napi::Object object_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject())
    throw_argument(value.Env(), "Expected an object for " + name + ".");
  return value.As<Napi::Object>();
}

std::vector<std::string> strings_of(const Napi::Value& value,
                                    const std::string& name) {
  const Napi::Array array = array_of(value, name);
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); ++i)
    strings.push_back(
        string_of(array.Get(i), name + "[" + std::to_string(i) + "]"));
  return strings;
}

template <typename T>
std::span<T> span_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != kArrayType<T>)
    throw_argument(value.Env(),
                   "Expected another kind of typed array for " + name + ".");
  auto array = value.As<Napi::TypedArrayOf<T>>();
  return {array.Data(), array.ElementLength()};
}
template std::span<float> span_of(const Napi::Value&, const std::string&);
template std::span<double> span_of(const Napi::Value&, const std::string&);
template std::span<int32_t> span_of(const Napi::Value&, const std::string&);
template std::span<uint8_t> span_of(const Napi::Value&, const std::string&);

PixelView image_of(const Napi::Value& value,
                   std::vector<Napi::ObjectReference>& keep) {
  constexpr double kMaxSide = 1 << 20;
  const Napi::Object image = object_of(value, "image");
  const auto side = [&](const char* key) {
    return static_cast<int>(integer_of(image.Get(key), key, 1, kMaxSide));
  };
  const int width = side("width"), height = side("height");
  const int channels = count_of(image.Get("channels"), "channels", 1);
  if (channels != 1 && channels != 3 && channels != 4)
    throw_range(value.Env(), "Expected 1, 3 or 4 channels.");
  const Napi::Value data = image.Get("data");
  const auto bytes = span_of<uint8_t>(data, "data");
  const uint64_t expected = static_cast<uint64_t>(width) *
                            static_cast<uint64_t>(height) *
                            static_cast<uint64_t>(channels);
  if (bytes.size() != expected)
    throw_range(value.Env(), "Expected " + std::to_string(expected) +
                                 " bytes of pixels but received " +
                                 std::to_string(bytes.size()) + ".");
  keep.push_back(Napi::Persistent(data.As<Napi::Object>()));
  return {bytes.data(), width, height, channels};
}

}  // namespace alfa::node
