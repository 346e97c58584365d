#pragma once
#include <napi.h>

namespace alfa::node {

// The functions of lib/addon.ts that measure scores.
void add_metrics(Napi::Env env, Napi::Object exports);

}  // namespace alfa::node
