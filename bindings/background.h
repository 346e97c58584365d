// Work that needs no engine, off the event loop: a thread of its own per call,
// never libuv's pool, which decodes images.
#pragma once
#include <napi.h>

#include <functional>

namespace alfa::node {

// JS. Runs `work` on a new thread; the promise settles with what `result` makes
// of it, on JS, or with the alfa::Error that `work` throws. The two own what
// they read, together: what must be freed on JS, `result` owns. When the
// environment goes down the thread is waited for.
Napi::Promise in_background(Napi::Env env, std::function<void()> work,
                            std::function<Napi::Value(Napi::Env)> result);

}  // namespace alfa::node
