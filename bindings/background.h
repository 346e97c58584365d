// Work that needs no engine, off the event loop: a thread of its own per call, never libuv's pool, which decodes images.
#pragma once
#include <napi.h>

#include <functional>

namespace alfa::node {

// JS. Runs `work` on a new thread; the promise settles with its number, or with the alfa::Error that it throws.
// `work` owns what it reads. When the environment goes down the thread is waited for.
Napi::Promise in_background(Napi::Env env, std::function<double()> work);

}  // namespace alfa::node
