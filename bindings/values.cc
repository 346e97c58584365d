#include "values.h"

#include <algorithm>

namespace alfa::node {
namespace {

template <typename JsArray, typename T>
JsArray copy_to_js(Napi::Env env, std::span<const T> values) {
  auto array = JsArray::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

template <typename T>
Napi::Array list_to_js(Napi::Env env, std::span<const T> values) {
  auto array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, values[i]);
  return array;
}

Napi::Object region_to_js(Napi::Env env, const ExplainedRegion& explained) {
  const Region& region = explained.region;
  auto object = Napi::Object::New(env);
  object.Set("left", region.left);
  object.Set("top", region.top);
  object.Set("width", region.width);
  object.Set("height", region.height);
  object.Set("area", region.area);
  object.Set("peak", region.peak);
  object.Set("peakX", region.peak_x);
  object.Set("peakY", region.peak_y);
  object.Set("similarity",
             to_js(env, std::span<const float>(explained.similarity)));
  return object;
}

Napi::Array regions_to_js(Napi::Env env,
                          const std::vector<ExplainedRegion>& regions) {
  auto array = Napi::Array::New(env, regions.size());
  for (uint32_t i = 0; i < regions.size(); ++i)
    array.Set(i, region_to_js(env, regions[i]));
  return array;
}

}  // namespace

Napi::Float32Array to_js(Napi::Env env, std::span<const float> values) {
  return copy_to_js<Napi::Float32Array>(env, values);
}

Napi::Float64Array to_js(Napi::Env env, std::span<const double> values) {
  return copy_to_js<Napi::Float64Array>(env, values);
}

Napi::Uint8Array to_js(Napi::Env env, std::span<const uint8_t> values) {
  return copy_to_js<Napi::Uint8Array>(env, values);
}

Napi::Array to_js(Napi::Env env, std::span<const int> values) {
  return list_to_js(env, values);
}

Napi::Array to_js(Napi::Env env, std::span<const std::string> values) {
  return list_to_js(env, values);
}

Napi::Float32Array move_to_js(Napi::Env env, std::vector<float>&& values) {
  if (values.empty()) return Napi::Float32Array::New(env, 0);
  auto owner = std::make_unique<std::vector<float>>(std::move(values));
  const auto release = [](napi_env, void*, void* vector) {
    delete static_cast<std::vector<float>*>(vector);
  };
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, owner->data(), owner->size() * sizeof(float), release, owner.get(),
      &buffer);
  if (status != napi_ok) return to_js(env, std::span<const float>(*owner));
  const size_t count = owner.release()->size();
  return Napi::Float32Array::New(env, count, Napi::ArrayBuffer(env, buffer), 0);
}

Napi::Object to_js(Napi::Env env, Detection&& detection, double queue_ms) {
  auto object = Napi::Object::New(env);
  object.Set("score", detection.score);
  object.Set("globalScore", detection.global_score);
  object.Set("localScore", detection.local_score);
  object.Set("ambiguous", detection.ambiguous);
  object.Set("kept", to_js(env, std::span<const int>(detection.kept)));
  object.Set("of", to_js(env, std::span<const int>(detection.of)));
  object.Set("keptMask",
             to_js(env, std::span<const uint8_t>(detection.kept_mask)));
  object.Set("similarity",
             to_js(env, std::span<const float>(detection.similarity)));
  object.Set("embedding",
             to_js(env, std::span<const float>(detection.embedding)));
  object.Set("map", move_to_js(env, std::move(detection.map)));
  object.Set("mapWidth", detection.map_width);
  object.Set("mapHeight", detection.map_height);
  object.Set("regions", regions_to_js(env, detection.regions));
  auto timings = Napi::Object::New(env);
  timings.Set("queue", queue_ms);
  timings.Set("resize", detection.resize_ms);
  timings.Set("forward", detection.forward_ms);
  timings.Set("score", detection.score_ms);
  object.Set("timings", timings);
  return object;
}

}  // namespace alfa::node
