#include "worker.h"

#include <algorithm>
#include <set>
#include <system_error>

namespace alfa::node {
namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool cancelled(const Task& task) {
  return task.cancel && task.cancel->requested;
}

const Error& aborted() {
  static const Error error(Code::kAborted,
                           "The work was cancelled by its signal.");
  return error;
}

Error closed_error() {
  return {Code::kClosed,
          "The engine is closed. Open a new one with Engine.open()."};
}

// The workers of an environment whose threads may still run. JS.
using Workers = std::set<Worker*>;

Workers& workers_of(Napi::Env env) {
  auto* workers = env.GetInstanceData<Workers>();
  if (!workers) env.SetInstanceData(workers = new Workers());
  return *workers;
}

}  // namespace

void Worker::shut_down_all(Napi::Env env) {
  for (Worker* worker : workers_of(env)) on_environment_exit(worker);
}

std::optional<Error> attempt(const std::function<void()>& f) {
  try {
    f();
    return std::nullopt;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return Error(Code::kMemory,
                 "Not enough memory for this work. Lower maxBatch, or give "
                 "smaller images.");
  } catch (const std::system_error& e) {
    if (e.code() == std::errc::resource_unavailable_try_again)
      return Error(Code::kMemory,
                   "The system gives this process no more threads, for want of "
                   "memory or by a limit (ulimit -v, -u). Close other engines, "
                   "or raise the limit.");
    return Error(Code::kInternal, std::string("A fault inside alfa-vad: ") +
                                      e.what() + ". Please report it.");
  } catch (const std::exception& e) {
    return Error(Code::kInternal, std::string("A fault inside alfa-vad: ") +
                                      e.what() + ". Please report it.");
  }
}

Napi::Value to_js(Napi::Env env, const Error& error) {
  Napi::Object value = Napi::Error::New(env, error.what()).Value();
  value.Set("code", code_name(error.code));
  return value;
}

Napi::Promise Worker::start(Napi::Env env, Options options, Napi::Function log,
                            MakeHandle make_handle) {
  std::shared_ptr<Worker> worker(new Worker(std::move(options)));
  worker->to_js_ =
      Napi::ThreadSafeFunction::New(env, Napi::Function(), "alfa-vad", 0, 1);
  worker->to_js_.Unref(env);
  worker->count(env, +1);
  if (!log.IsEmpty()) {
    worker->log_ = Napi::Persistent(log);
    worker->options_.open.log = [weak = std::weak_ptr(worker)](
                                    LogLevel level,
                                    const std::string& message) {
      if (const auto w = weak.lock())
        w->post([w, level, message](Napi::Env e) {
          if (!w->log_.IsEmpty())
            w->log_.Call({Napi::String::New(e, level_name(level)),
                          Napi::String::New(e, message)});
        });
    };
  }
  // Registered after the thread-safe function, hence run before its own hook:
  // the thread is joined while it can post.
  napi_add_env_cleanup_hook(env, &Worker::on_environment_exit, worker.get());

  workers_of(env).insert(worker.get());

  Napi::Promise::Deferred opened(env);
  const auto started = attempt([&] {
    worker->thread_ =
        std::thread([worker, opened, make_handle = std::move(make_handle)] {
          auto error = attempt([&] {
            worker->engine_ = Engine::open(worker->options_.open);
            worker->info_ = worker->engine_->info();
          });
          worker->post([worker, opened, make_handle, error](Napi::Env e) {
            worker->count(e, -1);
            if (error)
              opened.Reject(to_js(e, *error));
            else
              opened.Resolve(make_handle(e, worker));
          });
          if (!error) worker->work();
          worker->engine_.reset();
          worker->post([worker](Napi::Env e) { worker->ended(e); });
        });
  });
  if (started) {  // the system gives no more threads
    opened.Reject(to_js(env, *started));
    worker->count(env, -1);
    worker->ended(env);
  }
  return opened.Promise();
}

Worker::~Worker() {
  if (thread_.joinable())
    thread_.detach();  // only this thread's own last reference can end here
}

void Worker::work() {
  for (;;) {
    Batch batch = next();
    if (batch.empty()) return;
    run(batch);
    // One task a turn: results are copied there, and the loop is not ours. The
    // worker keeps nothing of them, so they are destroyed where their
    // references live.
    for (auto& task : batch)
      post([self = shared_from_this(),
            task = std::shared_ptr<Task>(std::move(task))](Napi::Env env) {
        self->settle(env, *task);
      });
  }
}

Worker::Batch Worker::next() {
  std::unique_lock lock(mutex_);
  const auto full = [&] {  // or followed by what cannot join
    size_t n = 0;
    while (n < queue_.size() && queue_[n]->detect) ++n;
    return n >= options_.max_batch || n < queue_.size();
  };
  // While it sleeps the first one may be cancelled, and another be the first.
  const auto due = [&] {
    return queue_.front()->submitted + options_.batch_wait;
  };
  while (!stop_ && (queue_.empty() ||
                    (!full() && due() > std::chrono::steady_clock::now()))) {
    if (queue_.empty())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, due());
  }
  Batch batch;
  if (stop_) return batch;
  const auto take = [&] {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  };
  take();
  if (batch[0]->detect)
    while (!queue_.empty() && queue_.front()->detect &&
           batch.size() < options_.max_batch)
      take();
  return batch;
}

void Worker::run(Batch& batch) {
  auto error = attempt([&] { run_together(batch); });
  // What failed for all may be the fault of one, a picture too large for the
  // memory: each gets a verdict of its own.
  if (error && error->code != Code::kAborted && batch.size() > 1) {
    for (auto& task : batch) {
      Batch alone;
      alone.push_back(std::move(task));
      alone[0]->error = attempt([&] { run_together(alone); });
      task = std::move(alone[0]);
    }
  } else {
    for (const auto& task : batch) task->error = error;
  }
  for (const auto& task : batch)
    if (cancelled(*task)) task->error = aborted();
}

void Worker::run_together(Batch& batch) {
  RunControl control;
  {
    const std::lock_guard lock(mutex_);
    running_ = &control;
    running_cancels_.clear();
    for (const auto& task : batch) running_cancels_.push_back(task->cancel);
    if (exiting_ || all_cancelled())
      control.terminate();  // asked for since the batch left the queue
  }
  struct Clear {
    Worker& w;
    ~Clear() {
      const std::lock_guard lock(w.mutex_);
      w.running_ = nullptr;
    }
  } clear{*this};

  if (!batch[0]->detect) return batch[0]->run(*engine_, &control);
  std::vector<DetectRequest> requests;
  for (const auto& task : batch) {
    Detect& d = *task->detect;
    d.queue_ms = std::chrono::duration<double, std::milli>(
                     std::chrono::steady_clock::now() - task->submitted)
                     .count();
    requests.push_back(d.request);
  }
  auto detections = engine_->detect(requests, &control);
  for (size_t i = 0; i < batch.size(); ++i)
    batch[i]->detect->detections = std::move(detections[i]);
}

bool Worker::all_cancelled() const {
  return std::all_of(running_cancels_.begin(), running_cancels_.end(),
                     [](const auto& c) { return c && c->requested; });
}

void Worker::post(std::function<void(Napi::Env)> work) {
  // Where the environment is going down, what the work holds may not be touched
  // any more, not even freed: it leaks.
  auto* boxed = new std::function<void(Napi::Env)>(std::move(work));
  to_js_.NonBlockingCall(boxed, [](Napi::Env env, Napi::Function,
                                   std::function<void(Napi::Env)>* f) {
    if (static_cast<napi_env>(env) == nullptr) return;
    const std::unique_ptr<std::function<void(Napi::Env)>> owned(f);
    const Napi::HandleScope scope(env);
    (*f)(env);
  });
}

void Worker::settle(Napi::Env env, Task& task) {
  count(env, -1);
  try {
    if (task.error)
      task.deferred.Reject(to_js(env, *task.error));
    else
      task.deferred.Resolve(task.result(env));
  } catch (const Napi::Error& error) {  // no memory for the result, or an
                                        // environment that is being terminated
    task.deferred.Reject(error.Value());
  }
}

Napi::Promise Worker::submit(Napi::Env env, std::unique_ptr<Task> task) {
  const Napi::Promise promise = task->deferred.Promise();
  const auto reject = [&](const Error& error) {
    task->deferred.Reject(to_js(env, error));
    return promise;
  };
  if (closed_) return reject(closed_error());
  if (cancelled(*task)) return reject(aborted());
  if (task->cancel) task->cancel->worker = weak_from_this();
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.queue)
      return reject({Code::kQueueFull,
                     "The engine's queue of " + std::to_string(options_.queue) +
                         " is full. Await earlier results before giving more, "
                         "or open the engine with a larger `queue`."});
    queue_.push_back(std::move(task));
  }
  count(env, +1);
  changed_.notify_one();
  return promise;
}

void Worker::reject_waiting(Napi::Env env,
                            const std::function<bool(const Task&)>& which,
                            const Error& error) {
  Batch out;
  {
    const std::lock_guard lock(mutex_);
    for (auto& task : queue_) {
      if (!which(*task)) continue;
      task->error = error;
      out.push_back(std::move(task));
    }
    std::erase(queue_, nullptr);
  }
  for (const auto& task : out) settle(env, *task);
}

void Worker::cancel(Napi::Env env) {
  reject_waiting(env, cancelled, aborted());
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
  count(env, +1);
  if (!closed_) {
    closed_ = true;
    reject_waiting(env, [](const Task&) { return true; }, closed_error());
    request_stop();
  }
  return deferred.Promise();
}

void Worker::abandon() {
  closed_ = true;
  request_stop();
}

void Worker::ended(Napi::Env env) {
  napi_remove_env_cleanup_hook(env, &Worker::on_environment_exit, this);
  workers_of(env).erase(this);
  closed_ = ended_ = true;
  if (thread_.joinable()) thread_.join();
  // An abandoned engine may still hold tasks whose promises nobody dropped.
  reject_waiting(env, [](const Task&) { return true; }, closed_error());
  for (const auto& closer : closers_) {
    closer.Resolve(env.Undefined());
    count(env, -1);
  }
  closers_.clear();
  log_.Reset();
  to_js_.Release();
}

void Worker::count(Napi::Env env, int change) {
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

const Engine& Worker::engine() const {
  if (closed_) throw closed_error();
  return *engine_;
}

}  // namespace alfa::node
