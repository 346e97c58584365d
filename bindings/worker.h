// One thread per engine, with a bounded queue of tasks. Tasks run in their
// order; detections that wait at the same time run together.
//
// Threads: functions marked JS run on the event loop's thread, the others on
// the worker's. The engine is created, used and freed on the worker's thread.
//
// Teardown: a worker ends in one of three ways.
// - close(): waiting tasks reject, the running one ends, the thread ends.
// - abandon(): the same when JavaScript has dropped the engine's handle.
// - The environment (a process or a worker_threads thread) goes down: a
// clean-up
//   hook stops the running forward and joins the thread. What was posted to
//   JavaScript and has not run is leaked, because JavaScript values must not be
//   touched any more.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine.h"
#include "js.h"
#include "task.h"

namespace alfa::node {

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  struct Options {
    OpenOptions open;
    size_t queue = 0;      // waiting tasks, at most
    size_t max_batch = 0;  // detections that run together, at most
    // How long a detection waits for others to fill its batch, at most.
    std::chrono::microseconds batch_wait{0};
  };
  using MakeHandle =
      std::function<Napi::Value(Napi::Env, std::shared_ptr<Worker>)>;

  // JS. Starts the thread, which opens the engine. The promise resolves to the
  // value of make_handle. `log` may be empty.
  static Napi::Promise start(Napi::Env env, Options options, Napi::Function log,
                             MakeHandle make_handle);
  ~Worker();

  // JS. Queues the task, or rejects its promise at once: the engine is closed,
  // the queue is full, or the task is cancelled.
  Napi::Promise submit(Napi::Env env, std::unique_ptr<Task> task);
  // JS. Call it after Cancel::requested was set. Cancelled tasks that wait
  // reject at once. The running forward stops if all its tasks are cancelled.
  void apply_cancels(Napi::Env env);
  // JS. The promise resolves once the engine is freed.
  Napi::Promise close(Napi::Env env);
  // JS. Closes without a promise.
  void abandon();

  // JS. Stops and joins the threads of all engines of this environment. For the
  // end of the process: process.exit() does not call the clean-up hooks, and
  // ONNX Runtime's static objects must not be destroyed under a thread that
  // uses them.
  static void shut_down_all(Napi::Env env);

  // JS, once the engine is open. Valid after close too.
  const Info& info() const { return info_; }
  // JS, for const member functions. Throws Error(kClosed) after close.
  const Engine& engine() const;

 private:
  explicit Worker(Options options) : options_(std::move(options)) {}

  void run_loop();
  Tasks take_next();
  void execute(Tasks& tasks);
  void execute_together(Tasks& tasks);
  void detect_together(Tasks& tasks, RunControl* control);
  void begin_execution(const Tasks& tasks, RunControl& control);
  void end_execution();
  bool all_cancelled() const;  // with mutex_ held
  // Calls f on the event loop's thread.
  void post(std::function<void(Napi::Env)> f);
  void request_stop();

  void set_log(Napi::Function log);        // JS
  void settle(Napi::Env env, Task& task);  // JS
  // JS. Rejects the waiting tasks for which `which` is true.
  void reject_waiting(Napi::Env env,
                      const std::function<bool(const Task&)>& which,
                      const Error& error);
  // JS. The process stays alive while there are pending promises.
  void add_pending(Napi::Env env, int change);
  void on_thread_ended(Napi::Env env);  // JS
  static void on_environment_exit(void* worker);

  Options options_;
  std::unique_ptr<Engine> engine_;
  Info info_;
  std::thread thread_;
  Napi::ThreadSafeFunction to_js_;
  // JS
  Napi::FunctionReference log_;
  std::vector<Napi::Promise::Deferred> closers_;
  int pending_ = 0;
  bool closed_ = false, ended_ = false;

  std::mutex mutex_;  // guards all members below
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Task>> queue_;
  bool stop_ = false, exiting_ = false;
  RunControl* running_ = nullptr;
  // One per task that runs; null for tasks that cannot be cancelled.
  std::vector<std::shared_ptr<Cancel>> running_cancels_;
};

}  // namespace alfa::node
