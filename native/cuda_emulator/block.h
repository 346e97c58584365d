// A block of threads on one OS thread: every CUDA thread is a fiber that runs
// until it meets the others of its warp or block. Everything that CUDA threads
// do together is built on the two functions here.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "cuda_emulator/vector_types.h"

// Of the CUDA thread that runs on this OS thread now.
extern constinit thread_local uint3 threadIdx, blockIdx;
extern constinit thread_local dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace alfa::emulated {

// Where a thread meets others: what it called, and where.
struct Place {
  const char* what;
  const char* file;
  int line;
};

// What the last one to arrive does for all: lanes[i] is what thread i of the
// warp (block) brought, alive until the meeting ends. Results go there too.
using Complete = void (*)(void* const* lanes, int count);

// Returns when all threads of the warp (block) have come. A meeting that some
// do not reach, by another way through the kernel or by returning from it, ends
// the launch with cudaErrorLaunchFailure and a sentence that says who waits
// where.
void meet_warp(const Place& place, unsigned mask, void* mine,
               Complete complete);
void meet_block(const Place& place, void* mine, Complete complete);

int lane_of_warp();

// A kernel and what it was called with.
struct Kernel {
  void (*run)(const void* call);
  std::shared_ptr<const void> call;
  size_t bytes;  // of the call
};

// Runs one block, from the first thread's start to the last one's return;
// empty, or why it failed. `backwards`: threads take their turns last one
// first, so that a kernel that leans on an order is found out.
struct Block {
  dim3 grid, block;
  uint3 index;
  size_t shared_bytes;
  bool backwards;
};
struct Problem;
bool run_block(const Block& block, const Kernel& kernel, Problem& problem);

// Ends the launch of the thread that runs now, for that reason.
[[noreturn]] void fail_running(const std::string& sentence);

}  // namespace alfa::emulated

#define ALFA_PLACE \
  const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(ALFA_PLACE) {
  alfa::emulated::meet_block({"__syncthreads", file, line}, nullptr, nullptr);
}

#define ALFA_SYNCTHREADS(name, start, step)                                  \
  inline int name(int predicate, ALFA_PLACE) {                               \
    alfa::emulated::meet_block(                                              \
        {#name, file, line}, &predicate, [](void* const* lanes, int count) { \
          int result = start;                                                \
          for (int i = 0; i < count; ++i) {                                  \
            const bool p = *static_cast<int*>(lanes[i]) != 0;                \
            result = step;                                                   \
          }                                                                  \
          for (int i = 0; i < count; ++i)                                    \
              *static_cast<int*>(lanes[i]) = result;                         \
        });                                                                  \
    return predicate;                                                        \
  }
ALFA_SYNCTHREADS(__syncthreads_count, 0, result + p)
ALFA_SYNCTHREADS(__syncthreads_and, 1, result&& p)
ALFA_SYNCTHREADS(__syncthreads_or, 0, result || p)
#undef ALFA_SYNCTHREADS
