// The rules, and the hooks that GCC calls with -fsanitize=thread and
// -fsanitize=alignment. This file replaces the libraries of these sanitizers,
// which know OS threads and locks but not warps and barriers.
#include "cuda_emulator/sanitizer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "cuda_emulator/block.h"

// The addresses of the program, defined by the linker.
extern "C" const char __executable_start, _end;

namespace alfa::emulated::sanitizer {
namespace {

constexpr size_t kArena = size_t{64} << 30;
constexpr size_t kSharedMost = 256 * 1024, kStaticMost = 1 << 19;

enum class Byte : uint8_t { kAbsent, kUnwritten, kWritten };
// Who accessed a byte.
enum class Who : uint16_t {
  kThread,  // one thread
  kAtomic,  // one thread, with an atomic operation
  kWarp,    // several threads of one warp
  kBlock,   // several warps of one block
  kGrid,    // several blocks
};

// One access, or all reads of a byte with which a later write must be ordered.
struct Access {
  uint32_t run = 0;  // of a block, counted over all launches; 0: no access
  uint32_t pc;       // offset in the program
  uint16_t phase, warp_phase, thread;
  Who who;
};
struct Cell {  // the accesses to one byte
  Access write, read;
};

// Pages that are never touched cost nothing.
template <typename T>
T* reserve(size_t count) {
  void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "CUDA emulator: no address space for the sanitizer\n");
    std::abort();
  }
  return static_cast<T*>(memory);
}

// A range of addresses with the accesses to each byte.
struct Space {
  const char* name;
  bool per_block;  // each block has its own, uninitialised at its start
  Cell* cells;
};

// The memory ordering of a block. A phase is the time between two barriers.
struct Run {
  uint16_t fenced = 0;    // phases before this one are fenced
  uint16_t released = 0;  // phases before this one are visible to blocks that
                          // acquire
  bool atomic = false;    // the block has used an atomic operation
  bool acquired = false;  // and then a fence
};

struct State {
  unsigned char* arena = reserve<unsigned char>(kArena);
  size_t taken = 0;
  Byte* bytes = reserve<Byte>(kArena);
  Space device{"device memory", false, reserve<Cell>(kArena)},
      dynamic{"dynamic shared memory", true, reserve<Cell>(kSharedMost)},
      fixed{"static shared memory", true, reserve<Cell>(2 * kStaticMost)};
  BlockMemory where{};
  // Static shared memory is thread_local, and so near threadIdx.
  uintptr_t fixed_start = 0;
  Access self{};
  uint32_t first_run = 1;  // of this launch
  std::vector<Run> runs;   // of this launch
  std::vector<uint16_t> warp_phases;
};
State& state() {
  static State* const all = new State;
  return *all;
}

// True while a CUDA thread runs on this OS thread.
thread_local bool inside = false;

bool same_warp(const Access& a, const Access& b) {
  return a.thread / 32 == b.thread / 32;
}

// True if `earlier` is ordered before the access of the running thread.
bool ordered(const Access& earlier, const Access& now) {
  const State& s = state();
  if (earlier.run < s.first_run) return true;
  if (earlier.run != now.run || earlier.who == Who::kGrid) {
    return s.runs.back().acquired &&
           earlier.phase < s.runs[earlier.run - s.first_run].released;
  }
  if (earlier.phase != now.phase) return true;
  switch (earlier.who) {
    case Who::kBlock:
      return false;
    case Who::kWarp:
      return same_warp(earlier, now) && earlier.warp_phase != now.warp_phase;
    default:
      return earlier.thread == now.thread ||
             (same_warp(earlier, now) && earlier.warp_phase != now.warp_phase);
  }
}

// Adds one read to the reads so far.
void add_read(Access& reads, const Access& now) {
  const bool known = reads.run >= state().first_run;
  Who who = Who::kThread;
  if (known && reads.run != now.run)
    who = Who::kGrid;
  else if (known && reads.who == Who::kGrid)
    who = Who::kGrid;
  else if (known && reads.phase == now.phase) {
    if (reads.who == Who::kBlock || !same_warp(reads, now))
      who = Who::kBlock;
    else if (reads.warp_phase == now.warp_phase &&
             (reads.who == Who::kWarp || reads.thread != now.thread))
      who = Who::kWarp;
  }
  reads = now;
  reads.who = who;
}

std::string location_text(uint32_t pc) {
  char text[32];
  std::snprintf(text, sizeof text, "at 0x%x", pc);
  return text;
}

std::string name_of(const Access& a) {
  switch (a.who) {
    case Who::kWarp:
      return "lanes of warp " + std::to_string(a.thread / 32);
    case Who::kBlock:
      return "threads of several warps";
    case Who::kGrid:
      return "threads of several blocks";
    default:
      return "thread " + std::to_string(a.thread) +
             (a.run == state().self.run ? "" : " of another block");
  }
}

[[noreturn]] void report(const Access& now, const char* verb, size_t bytes,
                         const std::string& what) {
  fail_launch("thread " + std::to_string(now.thread) + " " + verb + " " +
              std::to_string(bytes) + " bytes " + location_text(now.pc) + ", " +
              what +
              " (addr2line -Cfie PROGRAM ADDRESS gives the source line)");
}

void touch(Space& space, size_t first, size_t bytes, bool write,
           const Access& now) {
  const bool atomic = now.who == Who::kAtomic;
  const char* verb = write ? "writes" : "reads";
  for (size_t i = first; i < first + bytes; ++i) {
    Cell& cell = space.cells[i];
    if (space.per_block && cell.write.run != now.run) cell = {};
    Byte* known = space.per_block ? nullptr : state().bytes + i;
    if (known && *known == Byte::kAbsent)
      report(now, verb, bytes, std::string("outside ") + space.name);
    if ((!write || atomic) &&
        (known ? *known == Byte::kUnwritten : cell.write.run == 0))
      report(now, verb, bytes,
             std::string("of ") + space.name + " that was never written");
    if (write && known) *known = Byte::kWritten;
    const auto race = [&](const Access& other, const char* did) {
      report(now, verb, bytes,
             "byte " + std::to_string(i) + " of " + space.name + ", which " +
                 name_of(other) + did + location_text(other.pc) +
                 " without an ordering between the two");
    };
    if (!ordered(cell.write, now) &&
        !(atomic && cell.write.who == Who::kAtomic))
      race(cell.write, " wrote ");
    if (!write) {
      add_read(cell.read, now);
      continue;
    }
    if (!ordered(cell.read, now)) race(cell.read, " read ");
    cell.write = now;
  }
}

void access(const void* address, size_t bytes, bool write, bool atomic,
            const void* pc) {
  if (!inside) return;
  State& s = state();
  const auto* at = static_cast<const unsigned char*>(address);
  const auto within = [&](const void* from, const void* to) {
    return at >= from && at < to;
  };
  if (within(s.where.stacks, s.where.stacks_end)) return;
  for (const void* variable : {static_cast<const void*>(&threadIdx),
                               static_cast<const void*>(&blockIdx),
                               static_cast<const void*>(&blockDim),
                               static_cast<const void*>(&gridDim)})
    if (within(variable, static_cast<const uint3*>(variable) + 1) && !write)
      return;
  inside = false;
  Access now = s.self;
  now.pc = static_cast<uint32_t>(static_cast<const char*>(pc) -
                                 &__executable_start) -
           1;
  now.warp_phase = s.warp_phases[now.thread / 32];
  now.who = atomic ? Who::kAtomic : Who::kThread;
  // Wraps around to a large value if `at` is before the start.
  const uintptr_t from_fixed = reinterpret_cast<uintptr_t>(at) - s.fixed_start;
  if (within(s.arena, s.arena + kArena))
    touch(s.device, static_cast<size_t>(at - s.arena), bytes, write, now);
  else if (within(s.where.shared,
                  s.where.shared + s.where.shared_bytes - bytes + 1))
    touch(s.dynamic, static_cast<size_t>(at - s.where.shared), bytes, write,
          now);
  else if (within(s.where.shared, s.where.shared + kSharedMost))
    report(now, write ? "writes" : "reads", bytes,
           std::string("outside ") + s.dynamic.name);
  else if (from_fixed < 2 * kStaticMost)
    touch(s.fixed, from_fixed, bytes, write, now);
  else if (write || (!within(&__executable_start, &_end) &&
                     !within(s.where.arguments, s.where.arguments_end)))
    report(now, write ? "writes" : "reads", bytes,
           "which is not memory of the device");
  inside = true;
}

// Sets to 0. Whole pages are given back to the system.
template <typename T>
void clear(T* from, size_t count) {
  constexpr size_t kPage = 4096;
  auto* first = reinterpret_cast<unsigned char*>(from);
  auto* last = reinterpret_cast<unsigned char*>(from + count);
  auto* page = reinterpret_cast<unsigned char*>(
      (reinterpret_cast<uintptr_t>(first) + kPage - 1) / kPage * kPage);
  auto* end = reinterpret_cast<unsigned char*>(
      reinterpret_cast<uintptr_t>(last) / kPage * kPage);
  if (page >= end) return static_cast<void>(std::fill(first, last, uint8_t{0}));
  std::fill(first, page, uint8_t{0});
  std::fill(end, last, uint8_t{0});
  madvise(page, static_cast<size_t>(end - page), MADV_DONTNEED);
}

}  // namespace

unsigned char* allocate(size_t bytes) {
  State& s = state();
  if (s.taken + bytes > kArena) return nullptr;
  unsigned char* at = s.arena + s.taken;
  s.taken += (bytes + 4095) / 4096 * 4096;
  return at;
}

void release(unsigned char* memory, size_t bytes) {
  State& s = state();
  const auto at = static_cast<size_t>(memory - s.arena);
  clear(memory, bytes);
  clear(s.bytes + at, bytes);
  clear(s.device.cells + at, bytes);
}

void mark_allocated(const void* memory, size_t bytes) {
  std::fill_n(state().bytes +
                  (static_cast<const unsigned char*>(memory) - state().arena),
              bytes, Byte::kUnwritten);
}

void mark_written(const void* memory, size_t bytes) {
  State& s = state();
  const auto* at = static_cast<const unsigned char*>(memory);
  if (at >= s.arena && at < s.arena + kArena)
    std::fill_n(s.bytes + (at - s.arena), bytes, Byte::kWritten);
}

void begin_launch() {
  State& s = state();
  s.first_run += static_cast<uint32_t>(s.runs.size());
  s.runs.clear();
}

void begin_block(const BlockMemory& where, size_t threads) {
  State& s = state();
  s.where = where;
  s.runs.emplace_back();
  s.self = {};
  s.self.run = s.first_run + static_cast<uint32_t>(s.runs.size()) - 1;
  s.warp_phases.assign((threads + 31) / 32, 0);
  s.fixed_start = reinterpret_cast<uintptr_t>(&threadIdx) - kStaticMost;
}

void thread_resumes(size_t thread) {
  state().self.thread = static_cast<uint16_t>(thread);
  inside = true;
}
void thread_pauses() { inside = false; }

void block_synced() { ++state().self.phase; }
void warp_synced() { ++state().warp_phases[state().self.thread / 32]; }

void fence() {
  if (!inside) return;
  Run& run = state().runs.back();
  run.fenced = state().self.phase + 1;
  run.acquired = run.acquired || run.atomic;
}

void atomic(const void* at, size_t bytes) {
  if (!inside) return;
  State& s = state();
  Run& run = s.runs.back();
  run.atomic = true;
  run.released = std::min(s.self.phase, run.fenced);
  access(at, bytes, true, true, __builtin_return_address(0));
}

}  // namespace alfa::emulated::sanitizer

using alfa::emulated::sanitizer::access;

#define ALFA_HOOKS(size)                                         \
  void __tsan_read##size(void* at) {                             \
    access(at, size, false, false, __builtin_return_address(0)); \
  }                                                              \
  void __tsan_write##size(void* at) {                            \
    access(at, size, true, false, __builtin_return_address(0));  \
  }                                                              \
  void __tsan_volatile_read##size(void* at) {                    \
    access(at, size, false, false, __builtin_return_address(0)); \
  }                                                              \
  void __tsan_volatile_write##size(void* at) {                   \
    access(at, size, true, false, __builtin_return_address(0));  \
  }                                                              \
  void __tsan_unaligned_read##size(void* at) {                   \
    access(at, size, false, false, __builtin_return_address(0)); \
  }                                                              \
  void __tsan_unaligned_write##size(void* at) {                  \
    access(at, size, true, false, __builtin_return_address(0));  \
  }

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}
ALFA_HOOKS(1)
ALFA_HOOKS(2)
ALFA_HOOKS(4)
ALFA_HOOKS(8)
ALFA_HOOKS(16)
void __tsan_read_range(void* at, size_t bytes) {
  access(at, bytes, false, false, __builtin_return_address(0));
}
void __tsan_write_range(void* at, size_t bytes) {
  access(at, bytes, true, false, __builtin_return_address(0));
}

// Called by host code in the same files, for reference counts.
unsigned __tsan_atomic32_fetch_add(volatile unsigned* at, unsigned value, int) {
  return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

struct Mismatch {
  const char* file;
  uint32_t line, column;
  const void* type;
  uint8_t log_alignment, kind;
};
void __ubsan_handle_type_mismatch_v1(Mismatch* data, uintptr_t at) {
  if (!alfa::emulated::sanitizer::inside || at == 0) return;
  alfa::emulated::sanitizer::inside = false;
  alfa::emulated::fail_launch("a misaligned address: not a multiple of " +
                              std::to_string(1u << data->log_alignment) +
                              ", at " + data->file + ":" +
                              std::to_string(data->line));
}
}
