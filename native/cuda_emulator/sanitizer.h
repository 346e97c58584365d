// Checks each read and write of the kernels against CUDA's rules, in builds
// with ALFA_CUDA_SANITIZED. It finds accesses out of bounds, reads of
// uninitialised memory, misaligned addresses, and races: accesses of two
// threads, one of them a write, without a barrier between them. The order in
// which the threads ran does not matter. The rest of the emulator reports
// events through these functions. All kernels run on one OS thread.
#pragma once
#include <cstddef>

namespace alfa::emulated {

namespace sanitizer {
struct BlockMemory {  // what else the threads of a block may access
  unsigned char* shared;
  size_t shared_bytes;
  const void *stacks, *stacks_end;        // of the threads; not checked
  const void *arguments, *arguments_end;  // of the kernel; read-only
};
}  // namespace sanitizer

#ifdef ALFA_CUDA_SANITIZED

constexpr bool kSanitized = true;
namespace sanitizer {

// Device memory comes from one range of addresses. No address is used twice.
unsigned char* allocate(size_t bytes);
void release(unsigned char* memory, size_t bytes);
// The part of allocated memory that kernels may access. Uninitialised.
void mark_allocated(const void* memory, size_t bytes);
// By a copy or a fill.
void mark_written(const void* memory, size_t bytes);

// Called at the start of a launch and of a block, and around each turn of a
// thread.
void begin_launch();
void begin_block(const BlockMemory& where, size_t threads);
void thread_resumes(size_t thread);
void thread_pauses();

// Events that order accesses.
void block_synced();
void warp_synced();  // of the running thread's warp; a shuffle orders nothing
void fence();
void atomic(const void* at, size_t bytes);

}  // namespace sanitizer

#else

constexpr bool kSanitized = false;
namespace sanitizer {
inline void mark_written(const void*, size_t) {}
inline void begin_launch() {}
inline void begin_block(const BlockMemory&, size_t) {}
inline void thread_resumes(size_t) {}
inline void thread_pauses() {}
inline void block_synced() {}
inline void warp_synced() {}
inline void atomic(const void*, size_t) {}
}  // namespace sanitizer

#endif

}  // namespace alfa::emulated
