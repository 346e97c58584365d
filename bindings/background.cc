#include "background.h"

#include <memory>
#include <optional>
#include <thread>

#include "errors.h"

namespace alfa::node {
namespace {

struct BackgroundCall {
  explicit BackgroundCall(Napi::Env env) : deferred(env) {}

  void join() {
    if (thread.joinable()) thread.join();
  }

  Napi::Promise::Deferred deferred;
  Napi::ThreadSafeFunction to_js;
  std::thread thread;
  std::function<Napi::Value(Napi::Env)> result;
  std::optional<Error> error;  // the thread's until it has posted `settle`
};

void on_environment_exit(void* call) {
  static_cast<BackgroundCall*>(call)->join();
}

void settle(Napi::Env env, Napi::Function, BackgroundCall* call) {
  // The environment is gone. Its JavaScript references must not be freed.
  if (static_cast<napi_env>(env) == nullptr) return;
  const std::unique_ptr<BackgroundCall> owner(call);
  napi_remove_env_cleanup_hook(env, on_environment_exit, call);
  call->join();
  if (call->error)
    call->deferred.Reject(error_to_js(env, *call->error));
  else
    call->deferred.Resolve(call->result(env));
  call->to_js.Release();
}

}  // namespace

Napi::Promise run_in_background(Napi::Env env, std::function<void()> work,
                                std::function<Napi::Value(Napi::Env)> result) {
  auto* call = new BackgroundCall(env);
  call->result = std::move(result);
  const Napi::Promise promise = call->deferred.Promise();
  call->to_js = Napi::ThreadSafeFunction::New(env, Napi::Function(),
                                              "alfa-vad background", 0, 1);
  napi_add_env_cleanup_hook(env, on_environment_exit, call);
  const auto run = [call, work = std::move(work)] {
    call->error = catch_error(work);
    call->to_js.NonBlockingCall(call, settle);
  };
  const auto no_thread = catch_error([&] { call->thread = std::thread(run); });
  if (no_thread) {
    call->error = no_thread;
    settle(env, {}, call);
  }
  return promise;
}

}  // namespace alfa::node
