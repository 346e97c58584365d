// What the compiler's hooks see of the kernels' reads and writes, held against
// CUDA's rules (built with ALFA_CUDA_SANITIZED): memory that is not there or
// that nobody wrote, addresses that are not aligned, and races, that is two
// threads of which one writes where no barrier stands between. All of these are
// seen whatever order the threads ran in. What it knows is told by the rest of
// the emulation through these functions. Kernels run on one OS thread then.
#pragma once
#include <cstddef>

namespace alfa::emulated {

namespace sanitizer {
struct Surroundings {  // where else a block's threads may read and write
  unsigned char* shared;
  size_t shared_bytes;
  const void *stacks, *stacks_end;        // of the threads: their own business
  const void *arguments, *arguments_end;  // of the kernel
};
}  // namespace sanitizer

#ifdef ALFA_CUDA_SANITIZED

constexpr bool kSanitized = true;
namespace sanitizer {

// Device memory: taken from one range of addresses and never handed out again.
unsigned char* take(size_t bytes);
void give_back(unsigned char* memory, size_t bytes);
void allocated(
    const void* memory,
    size_t bytes);  // of what was taken, what a kernel may touch; unwritten
void written(const void* memory, size_t bytes);  // by a copy or a fill

// Around a launch's blocks, a block's threads, and one thread's turn.
void launch_starts();
void block_starts(const Surroundings& where, size_t threads);
void thread_goes_on(size_t thread);
void thread_stops();

// What orders accesses.
void block_met();
void warp_met();  // that of the running thread; a shuffle orders nothing
void fence();
void atomic(const void* at, size_t bytes);

}  // namespace sanitizer

#else

constexpr bool kSanitized = false;
namespace sanitizer {
inline void written(const void*, size_t) {}
inline void launch_starts() {}
inline void block_starts(const Surroundings&, size_t) {}
inline void thread_goes_on(size_t) {}
inline void thread_stops() {}
inline void block_met() {}
inline void warp_met() {}
inline void atomic(const void*, size_t) {}
}  // namespace sanitizer

#endif

}  // namespace alfa::emulated
