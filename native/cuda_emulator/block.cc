// Runs a block's threads as fibers, warp by warp, each until it meets the
// others.
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
  Place place;  // where it waits
};

struct Warp {
  int lanes = 0, arrived = 0;
  void* brought[32];
};

constexpr size_t kSharedGuard = 1024;

struct Runner {  // of one OS thread
  Stacks stacks;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<void*> brought;
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

std::string name_of(const Place& place) {
  const char* slash = std::strrchr(place.file, '/');
  return std::string(place.what) + " (" + (slash ? slash + 1 : place.file) +
         ":" + std::to_string(place.line) + ")";
}

std::string whereabouts(int i) {
  const Thread& t = runner->threads[static_cast<size_t>(i)];
  const std::string who = "thread " + std::to_string(i);
  return t.state == State::kDone ? who + " has returned"
                                 : who + " is at " + name_of(t.place);
}

void give_way() {
  Thread& self = runner->threads[static_cast<size_t>(runner->running)];
  switch_fiber(&self.stack, runner->scheduler);
}

// Ends the launch: the scheduler sees the problem and goes on with no fiber of
// this block.
[[noreturn]] void fail(const std::string& sentence) {
  runner->problem = sentence;
  give_way();
  std::abort();
}

void start_fiber() {
  runner->kernel->run(runner->kernel->call.get());
  runner->threads[static_cast<size_t>(runner->running)].state = State::kDone;
  give_way();
  std::abort();
}

void go_on_with(int i) {
  runner->running = i;
  Thread& thread = runner->threads[static_cast<size_t>(i)];
  threadIdx = thread.index;
  sanitizer::thread_goes_on(static_cast<size_t>(i));
  switch_fiber(&runner->scheduler, thread.stack);
  sanitizer::thread_stops();
}

bool same(const char* a, const char* b) { return a == b || !std::strcmp(a, b); }
bool same(const Place& a, const Place& b) {
  return a.line == b.line && same(a.what, b.what) && same(a.file, b.file);
}

// First of [first, first + count) that does not stand where `like` stands; -1
// where all do.
int odd_one(int first, int count, int like) {
  const Thread& wanted = runner->threads[static_cast<size_t>(like)];
  for (int i = first; i < first + count; ++i) {
    const Thread& t = runner->threads[static_cast<size_t>(i)];
    if (t.state != wanted.state ||
        (t.state != State::kDone && !same(t.place, wanted.place)))
      return i;
  }
  return -1;
}

// True where any lane moved.
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
      go_on_with(i);
      if (!runner->problem.empty()) return true;
    }
  }
  for (int i = first; i < first + lanes; ++i) {
    if (runner->threads[static_cast<size_t>(i)].state != State::kAtWarp)
      continue;
    runner->problem = "not all lanes of a warp meet: " + whereabouts(i) + ", " +
                      whereabouts(odd_one(first, lanes, i));
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
    runner->problem = "not all threads of a block meet: " + whereabouts(i) +
                      ", " + whereabouts(odd_one(0, count, i));
    return;
  }
}

// It is no thread's access that is seen there.
void complete_outside(Complete complete, void* const* lanes, int count) {
  if (!complete) return;
  sanitizer::thread_stops();
  complete(lanes, count);
  sanitizer::thread_goes_on(static_cast<size_t>(runner->running));
}

}  // namespace

int lane_of_warp() { return runner->running & 31; }

void meet_warp(const Place& place, unsigned mask, void* mine,
               Complete complete) {
  const int self = runner->running, w = self / 32;
  Warp& warp = runner->warps[static_cast<size_t>(w)];
  Thread& thread = runner->threads[static_cast<size_t>(self)];
  thread.place = place;
  thread.state = State::kAtWarp;
  if (mask != 0xffffffffu)
    fail("a mask that is not full: " + whereabouts(self));
  warp.brought[self & 31] = mine;
  if (++warp.arrived < warp.lanes) return give_way();
  if (const int other = odd_one(w * 32, warp.lanes, self); other >= 0)
    fail("lanes of a warp meet in different places: " + whereabouts(self) +
         ", " + whereabouts(other));
  complete_outside(complete, warp.brought, warp.lanes);
  warp.arrived = 0;
  for (int i = w * 32; i < w * 32 + warp.lanes; ++i)
    runner->threads[static_cast<size_t>(i)].state = State::kReady;
}

void meet_block(const Place& place, void* mine, Complete complete) {
  const int self = runner->running,
            count = static_cast<int>(runner->threads.size());
  Thread& thread = runner->threads[static_cast<size_t>(self)];
  thread.place = place;
  thread.state = State::kAtBlock;
  runner->brought[static_cast<size_t>(self)] = mine;
  if (++runner->arrived < count) return give_way();
  if (const int other = odd_one(0, count, self); other >= 0)
    fail("threads of a block meet in different places: " + whereabouts(self) +
         ", " + whereabouts(other));
  complete_outside(complete, runner->brought.data(), count);
  sanitizer::block_met();
  runner->arrived = 0;
  for (Thread& t : runner->threads) t.state = State::kReady;
  give_way();  // so that every thread starts anew in the order of this turn
}

void fail_running(const std::string& sentence) { fail(sentence); }

bool run_block(const Block& block, const Kernel& kernel, Problem& problem) {
  thread_local Runner of_this_thread;
  runner = &of_this_thread;
  const size_t count =
      static_cast<size_t>(block.block.x) * block.block.y * block.block.z;
  runner->stacks.reserve(count);
  runner->threads.resize(count);
  runner->brought.resize(count);
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
  std::memset(
      shared, 0xff,
      block.shared_bytes + kSharedGuard);  // NaN, whatever type it is read as
  const auto* call = static_cast<const char*>(kernel.call.get());
  sanitizer::block_starts(
      {shared, block.shared_bytes, runner->stacks.start(),
       runner->stacks.top(count - 1), call, call + kernel.bytes},
      count);
  run_threads(block.backwards);
  for (size_t i = 0; i < kSharedGuard && runner->problem.empty(); ++i) {
    if (shared[block.shared_bytes + i] != 0xff)
      runner->problem = "a write " + std::to_string(i) + " bytes past the " +
                        std::to_string(block.shared_bytes) +
                        " bytes of dynamic shared memory";
  }
  problem.sentence = runner->problem.empty()
                         ? ""
                         : runner->problem + "; block (" +
                               std::to_string(block.index.x) + ", " +
                               std::to_string(block.index.y) + ", " +
                               std::to_string(block.index.z) + ")";
  return problem.sentence.empty();
}

}  // namespace alfa::emulated

unsigned char* alfa::kernels::dynamic_shared() {
  return alfa::emulated::aligned_shared();
}
