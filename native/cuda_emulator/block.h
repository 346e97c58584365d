// A block of CUDA threads on one OS thread. Each CUDA thread is a fiber that
// runs until it synchronises with its warp or its block. All operations of
// several threads are built on sync_warp and sync_block.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "cuda_emulator/vector_types.h"

// Of the CUDA thread that runs on this OS thread.
extern constinit thread_local uint3 threadIdx, blockIdx;
extern constinit thread_local dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace alfa::emulated {

// The operation with which a thread synchronises, and its place in the source.
struct Location {
  const char* operation;
  const char* file;
  int line;
};

// Called by the last thread to arrive. lanes[i] points to the value that thread
// i of the warp or block passed in. Results are written there too.
using Complete = void (*)(void* const* lanes, int count);

// Returns when all threads of the warp or block have called it. If some threads
// never do, because they took another branch or returned, the launch fails with
// cudaErrorLaunchFailure and a message that says which thread waits where.
void sync_warp(const Location& location, unsigned mask, void* value,
               Complete complete);
void sync_block(const Location& location, void* value, Complete complete);

int lane_of_warp();

// A kernel and its arguments.
struct Kernel {
  void (*run)(const void* call);
  std::shared_ptr<const void> call;
  size_t bytes;  // size of the arguments
};

struct Block {
  dim3 grid, block;
  uint3 index;
  size_t shared_bytes;
  // Threads run in reverse order, so that a kernel that depends on the order
  // gives another result.
  bool backwards;
};
struct Problem;

// Runs one block until its last thread returns. False if it failed.
bool run_block(const Block& block, const Kernel& kernel, Problem& problem);

// Ends the launch of the running thread with this message.
[[noreturn]] void fail_launch(const std::string& message);

}  // namespace alfa::emulated

#define ALFA_LOCATION \
  const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(ALFA_LOCATION) {
  alfa::emulated::sync_block({"__syncthreads", file, line}, nullptr, nullptr);
}

#define ALFA_SYNCTHREADS(name, start, step)                                  \
  inline int name(int predicate, ALFA_LOCATION) {                            \
    alfa::emulated::sync_block(                                              \
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
