// One source, several instruction sets: the loader picks the clone that the CPU
// runs. A function so marked must inline what it calls. Where the toolchain
// lacks clones, the build's baseline is all there is.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    defined(__linux__) && !defined(ALFA_NO_CLONES)
#define ALFA_MULTIVERSION \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ALFA_MULTIVERSION
#endif
#define ALFA_INLINE inline __attribute__((always_inline))
