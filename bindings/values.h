// C++ values as JavaScript values. All functions run on the event loop's
// thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine.h"
#include "js.h"

namespace alfa::node {

Napi::Float32Array to_js(Napi::Env env, std::span<const float> values);
Napi::Float64Array to_js(Napi::Env env, std::span<const double> values);
Napi::Uint8Array to_js(Napi::Env env, std::span<const uint8_t> values);
Napi::Array to_js(Napi::Env env, std::span<const int> values);
Napi::Array to_js(Napi::Env env, std::span<const std::string> values);

// Without a copy where the host allows it (Electron does not): JavaScript then
// owns the memory.
Napi::Float32Array move_to_js(Napi::Env env, std::vector<float>&& values);

// `queue_ms`: how long the request waited for its turn.
Napi::Object to_js(Napi::Env env, Detection&& detection, double queue_ms);

}  // namespace alfa::node
