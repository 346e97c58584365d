// One call of JavaScript that an engine's worker runs.
//
// Threads: a task is created, settled and destroyed on the event loop's thread
// (marked JS), because it holds references to JavaScript values. Only `compute`
// runs on the worker's thread.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine.h"
#include "js.h"

namespace alfa::node {

class Worker;

// Lets JavaScript cancel one task, whether it waits or runs.
struct Cancel {
  std::atomic<bool> requested{false};
  std::weak_ptr<Worker> worker;  // JS; set when the task is submitted
};

// Detections that wait at the same time run in one forward.
struct DetectWork {
  DetectRequest request;
  std::vector<Detection> detections;  // one per part of the request
  double queue_ms = 0;
};

struct Task {
  explicit Task(Napi::Env env) : deferred(env) {}
  bool cancelled() const { return cancel && cancel->requested; }

  Napi::Promise::Deferred deferred;
  // Worker; throws alfa::Error. Empty if `detect` is set.
  std::function<void(Engine&, RunControl*)> compute;
  std::unique_ptr<DetectWork> detect;
  // JS, after the work has ended without an error: the promise's value.
  std::function<Napi::Value(Napi::Env)> result;
  std::vector<Napi::ObjectReference> keep;  // buffers that the worker reads
  std::shared_ptr<Cancel> cancel;           // may be null
  std::optional<Error> error;
  std::chrono::steady_clock::time_point submitted =
      std::chrono::steady_clock::now();
};

using Tasks = std::vector<std::unique_ptr<Task>>;

}  // namespace alfa::node
