#include "background.h"

#include <memory>
#include <optional>
#include <thread>

#include "worker.h"

namespace alfa::node {
namespace {

struct Background {
  explicit Background(Napi::Env env) : deferred(env) {}
  Napi::Promise::Deferred deferred;
  Napi::ThreadSafeFunction to_js;
  std::thread thread;
  std::function<Napi::Value(Napi::Env)> result;
  std::optional<Error> error;
};

void wait_for(void* background) {
  auto* b = static_cast<Background*>(background);
  if (b->thread.joinable()) b->thread.join();
}

void settle(Napi::Env env, Napi::Function, Background* b) {
  if (static_cast<napi_env>(env) == nullptr)
    return;  // the environment has gone; what it owns went with it
  const std::unique_ptr<Background> owned(b);
  napi_remove_env_cleanup_hook(env, wait_for, b);
  if (b->thread.joinable()) b->thread.join();
  if (b->error)
    b->deferred.Reject(to_js(env, *b->error));
  else
    b->deferred.Resolve(b->result(env));
  b->to_js.Release();
}

}  // namespace

Napi::Promise in_background(Napi::Env env, std::function<void()> work,
                            std::function<Napi::Value(Napi::Env)> result) {
  auto* b = new Background(env);
  b->result = std::move(result);
  const Napi::Promise promise = b->deferred.Promise();
  b->to_js = Napi::ThreadSafeFunction::New(env, Napi::Function(),
                                           "alfa-vad background", 0, 1);
  napi_add_env_cleanup_hook(env, wait_for, b);
  const auto not_started =
      attempt([&] {  // b->error is the thread's from here on
        b->thread = std::thread([b, work = std::move(work)] {
          b->error = attempt(work);
          b->to_js.NonBlockingCall(b, settle);
        });
      });
  if (not_started) {  // the system gives no more threads
    b->error = not_started;
    settle(env, {}, b);
  }
  return promise;
}

}  // namespace alfa::node
