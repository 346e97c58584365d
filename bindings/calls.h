// Helpers for exported functions that hand a task to an engine's worker. Their
// first argument is the engine's handle.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "handles.h"
#include "js.h"
#include "task.h"
#include "worker.h"

namespace alfa::node {

inline Worker& worker_of(const Napi::CallbackInfo& info) {
  return *object_in<EngineHandle>(info[0])->worker;
}

// A task that the optional cancel handle at `cancel_index` cancels.
inline std::unique_ptr<Task> new_task(const Napi::CallbackInfo& info,
                                      size_t cancel_index) {
  auto task = std::make_unique<Task>(info.Env());
  if (!info[cancel_index].IsUndefined())
    task->cancel = object_in<Cancel>(info[cancel_index]);
  return task;
}

// The promise of the task.
inline Napi::Value submit(const Napi::CallbackInfo& info,
                          std::unique_ptr<Task> task) {
  return worker_of(info).submit(info.Env(), std::move(task));
}

// The task computes a value on the worker; `to_value` makes the promise's value
// from it on the event loop's thread.
template <typename Value>
Napi::Value submit(const Napi::CallbackInfo& info, std::unique_ptr<Task> task,
                   std::function<Value(Engine&, RunControl*)> compute,
                   std::function<Napi::Value(Napi::Env, Value&)> to_value) {
  const auto value = std::make_shared<Value>();
  task->compute = [value, compute = std::move(compute)](Engine& engine,
                                                        RunControl* control) {
    *value = compute(engine, control);
  };
  task->result = [value, to_value = std::move(to_value)](Napi::Env env) {
    return to_value(env, *value);
  };
  return submit(info, std::move(task));
}

// A task without a value: the promise resolves to undefined.
inline Napi::Value submit(const Napi::CallbackInfo& info,
                          std::unique_ptr<Task> task,
                          std::function<void(Engine&, RunControl*)> compute) {
  task->compute = std::move(compute);
  task->result = [](Napi::Env env) { return env.Undefined(); };
  return submit(info, std::move(task));
}

}  // namespace alfa::node
