#pragma once
#if defined(__linux__)
#include <malloc.h>
#endif

namespace alfa {

// Freed hundreds of MB go back to the system, not to the allocator's lists.
inline void give_back_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace alfa
