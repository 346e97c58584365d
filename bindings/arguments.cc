#include "arguments.h"

#include <cmath>
#include <cstring>
#include <memory>

namespace alfa::node {
namespace {

Napi::Value get(const Napi::Object& object, const char* key) {
  return object.Get(key);
}

template <typename E>
[[noreturn]] void fail(E error, const char* code) {
  error.Set("code", code);
  throw error;
}

template <typename T>
constexpr napi_typedarray_type kArrayType = napi_uint8_array;
template <>
constexpr napi_typedarray_type kArrayType<float> = napi_float32_array;
template <>
constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;
template <>
constexpr napi_typedarray_type kArrayType<int32_t> = napi_int32_array;

int side_of(const Napi::Object& image, const char* key) {
  const double side = number_of(image, key);
  if (!(side >= 1 && side <= 1 << 20) || side != std::floor(side))
    throw_range(image.Env(), std::string("Expected a whole ") + key +
                                 " of 1 to 1048576 pixels.");
  return static_cast<int>(side);
}

}  // namespace

void throw_argument(Napi::Env env, const std::string& message) {
  fail(Napi::TypeError::New(env, message), "ERR_ALFA_ARGUMENT");
}
void throw_range(Napi::Env env, const std::string& message) {
  fail(Napi::RangeError::New(env, message), "ERR_ALFA_RANGE");
}

std::string string_of(const Napi::Object& object, const char* key) {
  const Napi::Value v = get(object, key);
  if (!v.IsString())
    throw_argument(object.Env(),
                   std::string("Expected a string for ") + key + ".");
  return v.As<Napi::String>();
}

double number_of(const Napi::Object& object, const char* key) {
  const Napi::Value v = get(object, key);
  if (!v.IsNumber())
    throw_argument(object.Env(),
                   std::string("Expected a number for ") + key + ".");
  return v.As<Napi::Number>().DoubleValue();
}

std::vector<std::string> strings_of(const Napi::Object& object,
                                    const char* key) {
  const Napi::Value value = object.Get(key);
  std::vector<std::string> strings;
  const bool array = value.IsArray();
  for (uint32_t i = 0; array && i < value.As<Napi::Array>().Length(); ++i) {
    const Napi::Value each = value.As<Napi::Array>().Get(i);
    if (each.IsString()) strings.push_back(each.As<Napi::String>());
  }
  if (!array || strings.size() != value.As<Napi::Array>().Length())
    throw_argument(object.Env(), "Expected an array of strings for " +
                                     std::string(key) + ".");
  return strings;
}

int count_of(const Napi::Object& object, const char* key, int least) {
  const double v = number_of(object, key);
  if (!(v >= least && v <= 65536) || v != std::floor(v))
    throw_range(object.Env(), std::string("Expected a whole number of ") +
                                  std::to_string(least) + " to 65536 for " +
                                  key + ".");
  return static_cast<int>(v);
}

double whole_of(const Napi::Object& object, const char* key, double least,
                double most) {
  const double v = number_of(object, key);
  if (!(v >= least && v <= most) || v != std::floor(v))
    throw_range(object.Env(), std::string("Expected a whole number for ") +
                                  key + " within its bounds.");
  return v;
}

bool boolean_of(const Napi::Object& object, const char* key) {
  const Napi::Value v = get(object, key);
  if (!v.IsBoolean())
    throw_argument(object.Env(),
                   std::string("Expected a boolean for ") + key + ".");
  return v.As<Napi::Boolean>();
}

size_t choice_of(const Napi::Object& object, const char* key,
                 std::initializer_list<const char*> names) {
  const std::string given = string_of(object, key);
  size_t i = 0;
  for (const char* name : names) {
    if (given == name) return i;
    ++i;
  }
  throw_range(object.Env(), std::string("Unknown ") + key + ": " + given + ".");
}

template <typename T>
std::span<T> span_of(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != kArrayType<T>)
    throw_argument(
        value.Env(),
        std::string("Expected another kind of typed array for ") + name + ".");
  auto array = value.As<Napi::TypedArrayOf<T>>();
  return {array.Data(), array.ElementLength()};
}
template std::span<float> span_of<float>(const Napi::Value&, const char*);
template std::span<double> span_of<double>(const Napi::Value&, const char*);
template std::span<int32_t> span_of<int32_t>(const Napi::Value&, const char*);
template std::span<uint8_t> span_of<uint8_t>(const Napi::Value&, const char*);

PixelView image_of(const Napi::Value& value,
                   std::vector<Napi::ObjectReference>& keep) {
  if (!value.IsObject())
    throw_argument(value.Env(),
                   "Expected an image as { data, width, height, channels }.");
  const Napi::Object image = value.As<Napi::Object>();
  const int width = side_of(image, "width"), height = side_of(image, "height");
  const int channels = count_of(image, "channels", 1);
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

Fit fit_of(const Napi::Value& value) {
  if (value.IsString()) {
    const std::string name = value.As<Napi::String>();
    if (name == "squash") return Fit::kSquash;
    if (name == "crop") return Fit::kCrop;
  }
  throw_argument(value.Env(), "Expected 'squash' or 'crop' for fit.");
}

std::vector<int> counts_of(const Napi::Value& value, const char* name) {
  if (!value.IsArray())
    throw_argument(value.Env(),
                   std::string("Expected an array for ") + name + ".");
  const auto list = value.As<Napi::Array>();
  std::vector<int> counts;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value each = list.Get(i);
    const double k =
        each.IsNumber() ? each.As<Napi::Number>().DoubleValue() : NAN;
    if (!(k >= 1 && k <= 4096) || k != std::floor(k))
      throw_range(value.Env(),
                  std::string("Expected whole ") + name + " of at least 1.");
    counts.push_back(static_cast<int>(k));
  }
  return counts;
}

Napi::Float32Array to_js(Napi::Env env, std::span<const float> values) {
  auto array = Napi::Float32Array::New(env, values.size());
  if (!values.empty())
    std::memcpy(array.Data(), values.data(), values.size_bytes());
  return array;
}

Napi::Float32Array given_to_js(Napi::Env env, std::vector<float>&& values) {
  if (values.empty()) return Napi::Float32Array::New(env, 0);
  auto owner = std::make_unique<std::vector<float>>(std::move(values));
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, owner->data(), owner->size() * sizeof(float),
      [](napi_env, void*, void* held) {
        delete static_cast<std::vector<float>*>(held);
      },
      owner.get(), &buffer);
  if (status != napi_ok)
    return to_js(env, std::span<const float>(*owner));  // Electron allows none
  const size_t count = owner.release()->size();
  return Napi::Float32Array::New(env, count, Napi::ArrayBuffer(env, buffer), 0);
}

Napi::Uint8Array to_js(Napi::Env env, std::span<const uint8_t> values) {
  auto array = Napi::Uint8Array::New(env, values.size());
  if (!values.empty())
    std::memcpy(array.Data(), values.data(), values.size_bytes());
  return array;
}

Napi::Array pair_to_js(Napi::Env env, const int (&pair)[2]) {
  auto array = Napi::Array::New(env, 2);
  for (uint32_t i = 0; i < 2; ++i) array.Set(i, pair[i]);
  return array;
}

}  // namespace alfa::node
