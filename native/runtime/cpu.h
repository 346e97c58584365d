// What the CPU can do, where a decision of the engine depends on it.
#pragma once

namespace alfa {

// Whether one instruction multiplies 8-bit numbers and adds the products in 32
// bits (AVX-512 VNNI or AVX-VNNI; every CPU with AMX has the former). Without
// it, ONNX Runtime adds pairs of products in 16 bits, where two products of the
// full range overflow.
inline bool has_8_bit_dot_product() {
#if defined(__clang__) && defined(__x86_64__)
  // Older versions of Clang do not know the name avxvnni.
  return __builtin_cpu_supports("avx512vnni");
#elif defined(__GNUC__) && defined(__x86_64__)
  return __builtin_cpu_supports("avx512vnni") ||
         __builtin_cpu_supports("avxvnni");
#else
  return false;
#endif
}

}  // namespace alfa
