// Runs the threads of a block as fibers, warp by warp. Each fiber runs until it
// synchronises with others.
#include "cuda_emulator/block.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cuda_emulator/fiber.h"
#include "cuda_emulator/problem.h"
#include "cuda_emulator/sanitizer.h"

constinit thread_local uint3 threadIdx{}, blockIdx{};
constinit thread_local dim3 blockDim{}, gridDim{};

namespace alfa::kernels {
unsigned char* dynamic_shared();  // see kernels/launch.cuh
}

namespace alfa::emulated {
namespace {

enum class State : uint8_t { kReady, kAtWarp, kAtBlock, kDone };

struct Thread {
  StackPointer stack;
  uint3 index;
  State state;
  Location location;  // where the thread waits
};

struct Warp {
  int lanes = 0, arrived = 0;
  void* values[32];
};

constexpr size_t kSharedGuard = 1024;

// The block that one OS thread runs.
struct Runner {
  Stacks stacks;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<void*> values;
  std::vector<unsigned char> shared = std::vector<unsigned char>(256 * 1024);
  StackPointer scheduler = nullptr;
  const Kernel* kernel = nullptr;
  int running = 0, arrived = 0;
  std::string problem;
};
thread_local Runner* runner = nullptr;

unsigned char* aligned_shared() {
  return reinterpret_cast<unsigned char*>(
      (reinterpret_cast<uintptr_t>(runner->shared.data()) + 127) / 128 * 128);
}

std::string name_of(const Location& location) {
  const char* slash = std::strrchr(location.file, '/');
  return std::string(location.operation) + " (" +
         (slash ? slash + 1 : location.file) + ":" +
         std::to_string(location.line) + ")";
}

std::string describe_thread(int i) {
  const Thread& t = runner->threads[static_cast<size_t>(i)];
  const std::string name = "thread " + std::to_string(i);
  return t.state == State::kDone ? name + " has returned"
                                 : name + " is at " + name_of(t.location);
}

void yield() {
  Thread& self = runner->threads[static_cast<size_t>(runner->running)];
  switch_fiber(&self.stack, runner->scheduler);
}

// Ends the launch. The scheduler sees the problem and resumes no fiber of this
// block.
[[noreturn]] void fail(const std::string& message) {
  runner->problem = message;
  yield();
  std::abort();
}

void start_fiber() {
  runner->kernel->run(runner->kernel->call.get());
  runner->threads[static_cast<size_t>(runner->running)].state = State::kDone;
  yield();
  std::abort();
}

void resume(int i) {
  runner->running = i;
  Thread& thread = runner->threads[static_cast<size_t>(i)];
  threadIdx = thread.index;
  sanitizer::thread_resumes(static_cast<size_t>(i));
  switch_fiber(&runner->scheduler, thread.stack);
  sanitizer::thread_pauses();
}

bool same(const char* a, const char* b) { return a == b || !std::strcmp(a, b); }
bool same(const Location& a, const Location& b) {
  return a.line == b.line && same(a.operation, b.operation) &&
         same(a.file, b.file);
}

// The first of the threads [first, first + count) that waits at another
// location than thread `like`, or -1.
int find_different(int first, int count, int like) {
  const Thread& expected = runner->threads[static_cast<size_t>(like)];
  for (int i = first; i < first + count; ++i) {
    const Thread& t = runner->threads[static_cast<size_t>(i)];
    if (t.state != expected.state ||
        (t.state != State::kDone && !same(t.location, expected.location)))
      return i;
  }
  return -1;
}

// True if any lane ran.
bool run_warp(int w, bool backwards) {
  const int first = w * 32, lanes = runner->warps[static_cast<size_t>(w)].lanes;
  bool any = false;
  for (bool moved = true; moved; any = any || moved) {
    moved = false;
    for (int n = 0; n < lanes; ++n) {
      const int i = first + (backwards ? lanes - 1 - n : n);
      if (runner->threads[static_cast<size_t>(i)].state != State::kReady)
        continue;
      moved = true;
      resume(i);
      if (!runner->problem.empty()) return true;
    }
  }
  for (int i = first; i < first + lanes; ++i) {
    if (runner->threads[static_cast<size_t>(i)].state != State::kAtWarp)
      continue;
    runner->problem =
        "some lanes of a warp do not reach an operation of the warp: " +
        describe_thread(i) + ", " +
        describe_thread(find_different(first, lanes, i));
    return true;
  }
  return any;
}

void run_threads(bool backwards) {
  const int warps = static_cast<int>(runner->warps.size()),
            count = static_cast<int>(runner->threads.size());
  bool any = true;
  for (bool turn = backwards; any; turn = !turn) {
    any = false;
    for (int n = 0; n < warps; ++n) {
      any = run_warp(turn ? warps - 1 - n : n, turn) || any;
      if (!runner->problem.empty()) return;
    }
  }
  for (int i = 0; i < count; ++i) {
    if (runner->threads[static_cast<size_t>(i)].state == State::kDone) continue;
    runner->problem = "some threads of a block do not reach a barrier: " +
                      describe_thread(i) + ", " +
                      describe_thread(find_different(0, count, i));
    return;
  }
}

// The sanitizer must not count these accesses as a thread's.
void complete_unchecked(Complete complete, void* const* lanes, int count) {
  if (!complete) return;
  sanitizer::thread_pauses();
  complete(lanes, count);
  sanitizer::thread_resumes(static_cast<size_t>(runner->running));
}

}  // namespace

int lane_of_warp() { return runner->running & 31; }

void sync_warp(const Location& location, unsigned mask, void* value,
               Complete complete) {
  const int self = runner->running, w = self / 32;
  Warp& warp = runner->warps[static_cast<size_t>(w)];
  Thread& thread = runner->threads[static_cast<size_t>(self)];
  thread.location = location;
  thread.state = State::kAtWarp;
  if (mask != 0xffffffffu)
    fail("only full masks are supported: " + describe_thread(self));
  warp.values[self & 31] = value;
  if (++warp.arrived < warp.lanes) return yield();
  if (const int other = find_different(w * 32, warp.lanes, self); other >= 0)
    fail("lanes of a warp synchronise at different locations: " +
         describe_thread(self) + ", " + describe_thread(other));
  complete_unchecked(complete, warp.values, warp.lanes);
  warp.arrived = 0;
  for (int i = w * 32; i < w * 32 + warp.lanes; ++i)
    runner->threads[static_cast<size_t>(i)].state = State::kReady;
}

void sync_block(const Location& location, void* value, Complete complete) {
  const int self = runner->running,
            count = static_cast<int>(runner->threads.size());
  Thread& thread = runner->threads[static_cast<size_t>(self)];
  thread.location = location;
  thread.state = State::kAtBlock;
  runner->values[static_cast<size_t>(self)] = value;
  if (++runner->arrived < count) return yield();
  if (const int other = find_different(0, count, self); other >= 0)
    fail("threads of a block synchronise at different locations: " +
         describe_thread(self) + ", " + describe_thread(other));
  complete_unchecked(complete, runner->values.data(), count);
  sanitizer::block_synced();
  runner->arrived = 0;
  for (Thread& t : runner->threads) t.state = State::kReady;
  yield();  // all threads continue in the order of this turn
}

void fail_launch(const std::string& message) { fail(message); }

bool run_block(const Block& block, const Kernel& kernel, Problem& problem) {
  thread_local Runner of_this_thread;
  runner = &of_this_thread;
  const size_t count =
      static_cast<size_t>(block.block.x) * block.block.y * block.block.z;
  runner->stacks.reserve(count);
  runner->threads.resize(count);
  runner->values.resize(count);
  runner->warps.assign((count + 31) / 32, Warp{});
  for (size_t i = 0; i < count; ++i) {
    const auto n = static_cast<unsigned>(i);
    const uint3 index{n % block.block.x, n / block.block.x % block.block.y,
                      n / (block.block.x * block.block.y)};
    runner->threads[i] = {new_fiber(runner->stacks.top(i), start_fiber),
                          index,
                          State::kReady,
                          {}};
    ++runner->warps[i / 32].lanes;
  }
  runner->kernel = &kernel;
  runner->arrived = 0;
  runner->problem.clear();
  gridDim = block.grid;
  blockDim = block.block;
  blockIdx = block.index;
  unsigned char* shared = aligned_shared();
  std::memset(shared, 0xff,
              block.shared_bytes + kSharedGuard);  // NaN for every float type
  const auto* call = static_cast<const char*>(kernel.call.get());
  sanitizer::begin_block(
      {shared, block.shared_bytes, runner->stacks.start(),
       runner->stacks.top(count - 1), call, call + kernel.bytes},
      count);
  run_threads(block.backwards);
  for (size_t i = 0; i < kSharedGuard && runner->problem.empty(); ++i) {
    if (shared[block.shared_bytes + i] != 0xff)
      runner->problem = "a write " + std::to_string(i) +
                        " bytes past the end of " +
                        std::to_string(block.shared_bytes) +
                        " bytes of dynamic shared memory";
  }
  problem.message = runner->problem.empty()
                        ? ""
                        : runner->problem + "; block (" +
                              std::to_string(block.index.x) + ", " +
                              std::to_string(block.index.y) + ", " +
                              std::to_string(block.index.z) + ")";
  return problem.message.empty();
}

}  // namespace alfa::emulated

unsigned char* alfa::kernels::dynamic_shared() {
  return alfa::emulated::aligned_shared();
}
