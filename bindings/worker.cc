#include "worker.h"

#include <algorithm>
#include <set>
#include <string>

#include "errors.h"

namespace alfa::node {
namespace {

Error aborted_error() {
  return {Code::kAborted, "The call was cancelled by its signal."};
}

Error closed_error() {
  return {Code::kClosed,
          "The engine is closed. Open a new one with Engine.open()."};
}

Error queue_full_error(size_t queue) {
  return {Code::kQueueFull,
          "The engine's queue of " + std::to_string(queue) +
              " is full. Await earlier results before you pass more images, or "
              "open the engine with a larger `queue`."};
}

bool is_cancelled(const Task& task) { return task.cancelled(); }
bool is_any(const Task&) { return true; }

// JS. The workers of an environment whose threads may still run.
using Workers = std::set<Worker*>;

Workers& workers_of(Napi::Env env) {
  auto* workers = env.GetInstanceData<Workers>();
  if (!workers) env.SetInstanceData(workers = new Workers());
  return *workers;
}

}  // namespace

Napi::Promise Worker::start(Napi::Env env, Options options, Napi::Function log,
                            MakeHandle make_handle) {
  std::shared_ptr<Worker> worker(new Worker(std::move(options)));
  worker->to_js_ =
      Napi::ThreadSafeFunction::New(env, Napi::Function(), "alfa-vad", 0, 1);
  worker->to_js_.Unref(env);
  worker->add_pending(env, +1);
  if (!log.IsEmpty()) worker->set_log(log);
  // Hooks run in reverse order. Because this one is added after the thread-safe
  // function, the thread is joined while it can still post.
  napi_add_env_cleanup_hook(env, &Worker::on_environment_exit, worker.get());
  workers_of(env).insert(worker.get());

  Napi::Promise::Deferred opened(env);
  const auto run = [worker, opened, make_handle = std::move(make_handle)] {
    auto error = catch_error([&] {
      worker->engine_ = Engine::open(worker->options_.open);
      worker->info_ = worker->engine_->info();
    });
    worker->post([worker, opened, make_handle, error](Napi::Env e) {
      worker->add_pending(e, -1);
      if (error)
        opened.Reject(error_to_js(e, *error));
      else
        opened.Resolve(make_handle(e, worker));
    });
    if (!error) worker->run_loop();
    worker->engine_.reset();
    worker->post([worker](Napi::Env e) { worker->on_thread_ended(e); });
  };
  const auto no_thread =
      catch_error([&] { worker->thread_ = std::thread(run); });
  if (no_thread) {
    opened.Reject(error_to_js(env, *no_thread));
    worker->add_pending(env, -1);
    worker->on_thread_ended(env);
  }
  return opened.Promise();
}

Worker::~Worker() {
  // The last reference may end on the worker's own thread, which cannot join
  // itself.
  if (thread_.joinable()) thread_.detach();
}

void Worker::set_log(Napi::Function log) {
  log_ = Napi::Persistent(log);
  options_.open.log = [weak = weak_from_this()](LogLevel level,
                                                const std::string& message) {
    const auto worker = weak.lock();
    if (!worker) return;
    worker->post([worker, level, message](Napi::Env env) {
      if (worker->log_.IsEmpty()) return;
      worker->log_.Call({Napi::String::New(env, std::string(name_of(level))),
                         Napi::String::New(env, message)});
    });
  };
}

void Worker::run_loop() {
  for (;;) {
    Tasks tasks = take_next();
    if (tasks.empty()) return;
    execute(tasks);
    // One post per task, so that the event loop can do other work between two
    // results. The posted function owns the task, so that the task's references
    // are freed on the event loop's thread.
    for (auto& task : tasks)
      post([self = shared_from_this(),
            shared = std::shared_ptr<Task>(std::move(task))](Napi::Env env) {
        self->settle(env, *shared);
      });
  }
}

// Waits for the next tasks to execute together. Empty: the worker must stop.
Tasks Worker::take_next() {
  std::unique_lock lock(mutex_);
  // Whether the detections at the front of the queue fill a batch, or another
  // kind of task stands behind them, which cannot join them.
  const auto full = [&] {
    size_t n = 0;
    while (n < queue_.size() && queue_[n]->detect) ++n;
    return n >= options_.max_batch || n < queue_.size();
  };
  // Evaluated again after each wait: the front task may have been cancelled.
  const auto due = [&] {
    return queue_.front()->submitted + options_.batch_wait;
  };
  const auto must_wait = [&] {
    if (stop_) return false;
    if (queue_.empty()) return true;
    return !full() && due() > std::chrono::steady_clock::now();
  };
  while (must_wait()) {
    if (queue_.empty())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, due());
  }
  Tasks tasks;
  if (stop_) return tasks;
  const auto take = [&] {
    tasks.push_back(std::move(queue_.front()));
    queue_.pop_front();
  };
  take();
  if (!tasks[0]->detect) return tasks;
  while (!queue_.empty() && queue_.front()->detect &&
         tasks.size() < options_.max_batch)
    take();
  return tasks;
}

void Worker::execute(Tasks& tasks) {
  const auto error = catch_error([&] { execute_together(tasks); });
  if (error && error->code != Code::kAborted && tasks.size() > 1) {
    // One image may be the cause, such as one that is too large for the
    // memory. Each task runs again by itself, so that each gets a
    // result or its own error.
    for (auto& task : tasks) {
      Tasks single;
      single.push_back(std::move(task));
      single[0]->error = catch_error([&] { execute_together(single); });
      task = std::move(single[0]);
    }
  } else {
    for (const auto& task : tasks) task->error = error;
  }
  for (const auto& task : tasks)
    if (task->cancelled()) task->error = aborted_error();
}

void Worker::execute_together(Tasks& tasks) {
  RunControl control;
  begin_execution(tasks, control);
  struct End {
    Worker& worker;
    ~End() { worker.end_execution(); }
  } end{*this};
  if (tasks[0]->detect)
    detect_together(tasks, &control);
  else
    tasks[0]->compute(*engine_, &control);
}

void Worker::detect_together(Tasks& tasks, RunControl* control) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  std::vector<DetectRequest> requests;
  for (const auto& task : tasks) {
    const auto waited = std::chrono::steady_clock::now() - task->submitted;
    task->detect->queue_ms = Milliseconds(waited).count();
    requests.push_back(task->detect->request);
  }
  auto detections = engine_->detect(requests, control);
  for (size_t i = 0; i < tasks.size(); ++i)
    tasks[i]->detect->detections = std::move(detections[i]);
}

// From here to end_execution the tasks can be stopped through `control`.
void Worker::begin_execution(const Tasks& tasks, RunControl& control) {
  const std::lock_guard lock(mutex_);
  running_ = &control;
  running_cancels_.clear();
  for (const auto& task : tasks) running_cancels_.push_back(task->cancel);
  // Cancelled between leaving the queue and now.
  if (exiting_ || all_cancelled()) control.terminate();
}

void Worker::end_execution() {
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
}

bool Worker::all_cancelled() const {
  return std::all_of(
      running_cancels_.begin(), running_cancels_.end(),
      [](const auto& cancel) { return cancel && cancel->requested; });
}

void Worker::post(std::function<void(Napi::Env)> f) {
  using Function = std::function<void(Napi::Env)>;
  to_js_.NonBlockingCall(new Function(std::move(f)),
                         [](Napi::Env env, Napi::Function, Function* function) {
                           // The environment goes down: the function's
                           // JavaScript references must not even be freed, so
                           // it leaks.
                           if (static_cast<napi_env>(env) == nullptr) return;
                           const std::unique_ptr<Function> owner(function);
                           const Napi::HandleScope scope(env);
                           (*function)(env);
                         });
}

void Worker::settle(Napi::Env env, Task& task) {
  add_pending(env, -1);
  try {
    if (task.error)
      task.deferred.Reject(error_to_js(env, *task.error));
    else
      task.deferred.Resolve(task.result(env));
  } catch (const Napi::Error& error) {
    // No memory for the result, or the environment is being terminated.
    task.deferred.Reject(error.Value());
  }
}

Napi::Promise Worker::submit(Napi::Env env, std::unique_ptr<Task> task) {
  const Napi::Promise promise = task->deferred.Promise();
  const auto reject = [&](const Error& error) {
    task->deferred.Reject(error_to_js(env, error));
    return promise;
  };
  if (closed_) return reject(closed_error());
  if (task->cancelled()) return reject(aborted_error());
  if (task->cancel) task->cancel->worker = weak_from_this();
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.queue)
      return reject(queue_full_error(options_.queue));
    queue_.push_back(std::move(task));
  }
  add_pending(env, +1);
  changed_.notify_one();
  return promise;
}

void Worker::reject_waiting(Napi::Env env,
                            const std::function<bool(const Task&)>& which,
                            const Error& error) {
  Tasks rejected;
  {
    const std::lock_guard lock(mutex_);
    for (auto& task : queue_) {
      if (!which(*task)) continue;
      task->error = error;
      rejected.push_back(std::move(task));
    }
    std::erase(queue_, nullptr);
  }
  for (const auto& task : rejected) settle(env, *task);
}

void Worker::apply_cancels(Napi::Env env) {
  reject_waiting(env, is_cancelled, aborted_error());
  const std::lock_guard lock(mutex_);
  if (running_ && all_cancelled()) running_->terminate();
}

void Worker::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
}

Napi::Promise Worker::close(Napi::Env env) {
  const Napi::Promise::Deferred deferred(env);
  if (ended_) {
    deferred.Resolve(env.Undefined());
    return deferred.Promise();
  }
  closers_.push_back(deferred);
  add_pending(env, +1);
  if (!closed_) {
    closed_ = true;
    reject_waiting(env, is_any, closed_error());
    request_stop();
  }
  return deferred.Promise();
}

void Worker::abandon() {
  closed_ = true;
  request_stop();
}

void Worker::on_thread_ended(Napi::Env env) {
  napi_remove_env_cleanup_hook(env, &Worker::on_environment_exit, this);
  workers_of(env).erase(this);
  closed_ = ended_ = true;
  if (thread_.joinable()) thread_.join();
  // An engine whose handle was dropped may still hold tasks with promises.
  reject_waiting(env, is_any, closed_error());
  for (const auto& closer : closers_) {
    closer.Resolve(env.Undefined());
    add_pending(env, -1);
  }
  closers_.clear();
  log_.Reset();
  to_js_.Release();
}

void Worker::add_pending(Napi::Env env, int change) {
  const int before = pending_;
  pending_ += change;
  if (before == 0 && pending_ > 0) to_js_.Ref(env);
  if (before > 0 && pending_ == 0) to_js_.Unref(env);
}

void Worker::on_environment_exit(void* self) {
  auto* worker = static_cast<Worker*>(self);
  worker->closed_ = true;
  {
    const std::lock_guard lock(worker->mutex_);
    worker->exiting_ = true;
    if (worker->running_) worker->running_->terminate();
  }
  worker->request_stop();
  if (worker->thread_.joinable()) worker->thread_.join();
}

void Worker::shut_down_all(Napi::Env env) {
  for (Worker* worker : workers_of(env)) on_environment_exit(worker);
}

const Engine& Worker::engine() const {
  if (closed_) throw closed_error();
  return *engine_;
}

}  // namespace alfa::node
