// One thread per engine, with a bounded queue. Tasks run there in order;
// detections that wait together run together. "JS" marks what happens on the
// event loop's thread; a task's `run` happens on the worker's.
#pragma once
#include <napi.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine.h"

namespace alfa::node {

class Worker;

// Lets JavaScript stop one task, waiting or running.
struct Cancel {
  std::atomic<bool> requested{false};
  std::weak_ptr<Worker> worker;  // JS; set when the task is submitted
};

// A task of this kind may share a forward with others.
struct Detect {
  DetectRequest request;
  std::vector<Detection> detections;  // of each part of the request
  double queue_ms = 0;
};

// A piece of work and the promise that it settles. Created and destroyed on JS,
// since it holds references.
struct Task {
  explicit Task(Napi::Env env) : deferred(env) {}

  Napi::Promise::Deferred deferred;
  std::function<void(Engine&, RunControl*)>
      run;  // worker; throws alfa::Error. Unused where `detect` is set.
  std::function<Napi::Value(Napi::Env)>
      result;  // JS, after a run without an error
  std::unique_ptr<Detect> detect;
  std::vector<Napi::ObjectReference> keep;  // buffers that the worker reads
  std::shared_ptr<Cancel> cancel;           // may be null
  std::optional<Error> error;
  std::chrono::steady_clock::time_point submitted =
      std::chrono::steady_clock::now();
};

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  struct Options {
    OpenOptions open;
    size_t queue = 64, max_batch = 8;
    std::chrono::microseconds batch_wait{
        0};  // a detection waits so long, at most, for others to fill its batch
  };
  using MakeHandle =
      std::function<Napi::Value(Napi::Env, std::shared_ptr<Worker>)>;

  // JS. Starts the thread, which opens the engine; the promise settles with
  // what `make_handle` makes.
  static Napi::Promise start(Napi::Env env, Options options, Napi::Function log,
                             MakeHandle make_handle);
  ~Worker();

  // JS. Queues the task, or rejects its promise at once (closed, queue full,
  // cancelled).
  Napi::Promise submit(Napi::Env env, std::unique_ptr<Task> task);
  // JS. A waiting task rejects at once; a running forward stops when all that
  // share it are cancelled.
  void cancel(Napi::Env env);
  // JS. Waiting tasks reject with kClosed, the running one ends, the engine is
  // freed, then the promise settles.
  Napi::Promise close(Napi::Env env);
  // JS. The same for an engine that nobody holds any more; nobody waits for it.
  void abandon();

  // JS. Stops and joins the threads of every engine of this environment: the
  // process is about to end, and ORT's static objects must not be taken down
  // under a thread that uses them. Node runs no clean-up hooks on
  // process.exit().
  static void shut_down_all(Napi::Env env);

  const Info& info() const {
    return info_;
  }  // JS, once open; stays good after close
  const Engine& engine()
      const;  // JS, for its const members; throws Error(kClosed) after close

 private:
  using Batch = std::vector<std::unique_ptr<Task>>;
  explicit Worker(Options options) : options_(std::move(options)) {}
  void work();
  Batch next();
  void run(Batch& batch);
  void post(std::function<void(Napi::Env)> work);
  void run_together(Batch& batch);
  bool all_cancelled() const;  // with the lock held
  void settle(Napi::Env env, Task& task);
  void reject_waiting(Napi::Env env,
                      const std::function<bool(const Task&)>& which,
                      const Error& error);
  void count(Napi::Env env, int change);
  void request_stop();
  void ended(Napi::Env env);
  static void on_environment_exit(void* worker);

  Options options_;
  std::unique_ptr<Engine> engine_;  // made and freed on the worker
  Info info_;
  std::thread thread_;
  Napi::ThreadSafeFunction to_js_;
  Napi::FunctionReference log_;
  std::vector<Napi::Promise::Deferred> closers_;  // JS
  int pending_ = 0;  // JS: promises that keep the process alive
  bool closed_ = false, ended_ = false;  // JS

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Task>> queue_;
  bool stop_ = false, exiting_ = false;
  RunControl* running_ = nullptr;
  std::vector<std::shared_ptr<Cancel>>
      running_cancels_;  // of the batch that runs, null entries included
};

// Runs f; whatever it throws becomes one of ours.
std::optional<Error> attempt(const std::function<void()>& f);

// JS. An Error with `code` from ours.
Napi::Value to_js(Napi::Env env, const Error& error);

}  // namespace alfa::node
