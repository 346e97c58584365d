#include "runtime/pool.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace alfa {

struct Pool::State {
  std::mutex mutex;
  std::condition_variable wake, done;
  std::vector<std::thread> threads;
  uint64_t round = 0;  // counts the calls of run()
  size_t working = 0;  // threads that have not finished this round
  bool stop = false;
  std::exception_ptr error;

  const std::function<void(size_t)>* body = nullptr;
  size_t tasks = 0;
  std::atomic<size_t> next{0};

  // Takes tasks until none are left.
  void work() {
    try {
      for (size_t i = next++; i < tasks; i = next++) (*body)(i);
    } catch (...) {
      next = tasks;  // no thread starts another task
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  }

  // The life of a thread.
  void loop() {
    uint64_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stop || round != seen; });
        if (stop) return;
        seen = round;
      }
      work();
      const std::lock_guard lock(mutex);
      if (--working == 0) done.notify_one();
    }
  }
};

Pool::Pool(int threads) : state_(std::make_unique<State>()) {
  try {
    for (int t = 1; t < threads; ++t)
      state_->threads.emplace_back([s = state_.get()] { s->loop(); });
  } catch (const std::exception&) {
    // The system has no more threads. Those that exist do all the work.
  }
  parallel_for_ = [this](size_t tasks,
                         const std::function<void(size_t)>& body) {
    run(tasks, body);
  };
}

Pool::~Pool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->wake.notify_all();
  for (std::thread& t : state_->threads) t.join();
}

void Pool::run(size_t tasks, const std::function<void(size_t)>& body) {
  State& s = *state_;
  if (tasks <= 1 || s.threads.empty()) {
    for (size_t i = 0; i < tasks; ++i) body(i);
    return;
  }
  {
    const std::lock_guard lock(s.mutex);
    s.body = &body;
    s.tasks = tasks;
    s.next = 0;
    s.working = s.threads.size();
    s.error = nullptr;
    ++s.round;
  }
  s.wake.notify_all();
  s.work();
  std::unique_lock lock(s.mutex);
  s.done.wait(lock, [&] { return s.working == 0; });
  if (s.error) std::rethrow_exception(s.error);
}

}  // namespace alfa
