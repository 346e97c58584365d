// What this CPU can do, as far as it decides what we compute.
#pragma once

namespace alfa {

// Products of 8-bit numbers add up in 32 bits in one instruction (AVX-512 VNNI,
// AVX-VNNI; whatever has AMX has the former). Without it ONNX Runtime's go
// through 16 bits, where two full-range products overflow.
inline bool eight_bits_fit() {
#if defined(__clang__) && \
    defined(__x86_64__)  // older ones have no name for AVX-VNNI
  return __builtin_cpu_supports("avx512vnni");
#elif defined(__GNUC__) && defined(__x86_64__)
  return __builtin_cpu_supports("avx512vnni") ||
         __builtin_cpu_supports("avxvnni");
#else
  return false;
#endif
}

}  // namespace alfa
