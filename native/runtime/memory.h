#pragma once
#if defined(__linux__)
#include <malloc.h>
#endif

namespace alfa {

// Returns freed memory to the system. Otherwise glibc keeps it, and after a
// model has opened that is hundreds of MB.
inline void release_freed_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace alfa
