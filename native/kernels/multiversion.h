// One source, several instruction sets.
//
// - ALFA_MULTIVERSION before a function makes GCC compile it three times: for
//   AVX-512 (x86-64-v4), AVX2 (x86-64-v3) and the baseline. The loader picks
//   the clone that fits the CPU. A clone does not clone the functions it calls,
//   so these must be ALFA_INLINE.
// - ALFA_INLINE makes the compiler inline a function into each of its callers.
//
// Other compilers and systems compile such a function once, for the
// instruction set of the whole build. ALFA_NO_CLONES asks for the same.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    defined(__linux__) && !defined(ALFA_NO_CLONES)
#define ALFA_MULTIVERSION \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ALFA_MULTIVERSION
#endif
#define ALFA_INLINE inline __attribute__((always_inline))
