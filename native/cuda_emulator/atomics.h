// Atomic operations of device code. They are atomics of the CPU, because blocks
// run on several OS threads.
#pragma once
#include <bit>
#include <type_traits>

#include "cuda_emulator/sanitizer.h"

namespace alfa::emulated {

template <typename T, typename Step>
#ifdef ALFA_CUDA_SANITIZED
__attribute__((noinline, no_sanitize("thread")))
#endif
T atomic(T* at, Step step) {
  sanitizer::atomic(at, sizeof(T));
  using Bits = std::conditional_t<sizeof(T) == 8, unsigned long long, unsigned>;
  static_assert(sizeof(T) == sizeof(Bits));
  auto* bits = reinterpret_cast<Bits*>(at);
  Bits old = __atomic_load_n(bits, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(
      bits, &old,
      std::bit_cast<Bits>(static_cast<T>(step(std::bit_cast<T>(old)))), false,
      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return std::bit_cast<T>(old);
}

}  // namespace alfa::emulated

#define ALFA_ATOMIC(name, T, expression)                                \
  inline T name(T* at, T b) {                                           \
    return alfa::emulated::atomic(at, [b](T a) { return expression; }); \
  }
#define ALFA_ATOMICS(T)                                                        \
  ALFA_ATOMIC(atomicAdd, T, a + b)                                             \
  ALFA_ATOMIC(atomicMin, T, b < a ? b : a)                                     \
  ALFA_ATOMIC(atomicMax, T, b > a ? b : a)                                     \
  ALFA_ATOMIC(atomicExch, T, ((void)a, b))                                     \
  ALFA_ATOMIC(atomicAnd, T, a& b)                                              \
  ALFA_ATOMIC(atomicOr, T, a | b)                                              \
  ALFA_ATOMIC(atomicXor, T, a ^ b)                                             \
  inline T atomicCAS(T* at, T expected, T b) {                                 \
    return alfa::emulated::atomic(at,                                          \
                                  [=](T a) { return a == expected ? b : a; }); \
  }
ALFA_ATOMICS(int)
ALFA_ATOMICS(unsigned)
ALFA_ATOMICS(unsigned long long)
ALFA_ATOMIC(atomicSub, int, a - b)
ALFA_ATOMIC(atomicSub, unsigned, a - b)
ALFA_ATOMIC(atomicMin, long long, b < a ? b : a)
ALFA_ATOMIC(atomicMax, long long, b > a ? b : a)
ALFA_ATOMIC(atomicAdd, float, a + b)
ALFA_ATOMIC(atomicAdd, double, a + b)
ALFA_ATOMIC(atomicExch, float, ((void)a, b))
ALFA_ATOMIC(atomicInc, unsigned, a >= b ? 0 : a + 1)
#undef ALFA_ATOMICS
#undef ALFA_ATOMIC

inline void __threadfence() {
#ifdef ALFA_CUDA_SANITIZED
  alfa::emulated::sanitizer::fence();
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}
inline void __threadfence_block() { __threadfence(); }
inline void __threadfence_system() { __threadfence(); }
