// Work that needs no engine, on a new thread. libuv's pool is not used: sharp
// decodes images there.
#pragma once
#include <functional>

#include "js.h"

namespace alfa::node {

// JS. Runs `work` on a new thread. The promise resolves to the value of
// `result`, which runs on the event loop's thread, or rejects with the
// alfa::Error that `work` throws. The two functions own what they read;
// JavaScript references must be owned by `result`. If the environment goes
// down, it waits for the thread.
Napi::Promise run_in_background(Napi::Env env, std::function<void()> work,
                                std::function<Napi::Value(Napi::Env)> result);

}  // namespace alfa::node
