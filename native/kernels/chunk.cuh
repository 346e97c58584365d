// Activations as the CUDA kernels move them: 16-byte chunks of fp32 or fp16 in
// memory, floats in registers.
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda.h"

namespace alfa::kernels {

// Elements in a chunk of 16 bytes: 4 floats or 8 halves.
template <typename T>
constexpr int kPerChunk = 16 / static_cast<int>(sizeof(T));

// True for null too.
inline bool aligned16(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % 16 == 0;
}

__device__ inline float to_float(float v) { return v; }
__device__ inline float to_float(__half v) { return __half2float(v); }

template <typename T>
__device__ inline T from_float(float v) {
  if constexpr (sizeof(T) == 2)
    return __float2half_rn(v);
  else
    return v;
}

// Two halves in a word, the first one in the lower 16 bits.
__device__ inline uint32_t pack_halves(float low, float high) {
  return static_cast<uint32_t>(__half_as_ushort(__float2half_rn(low))) |
         static_cast<uint32_t>(__half_as_ushort(__float2half_rn(high))) << 16;
}
__device__ inline float low_half(uint32_t pair) {
  return __half2float(
      __ushort_as_half(static_cast<unsigned short>(pair & 0xffffu)));
}
__device__ inline float high_half(uint32_t pair) {
  return __half2float(
      __ushort_as_half(static_cast<unsigned short>(pair >> 16)));
}

// A chunk to floats: 8 halves or 4 floats.
__device__ inline void unpack(uint4 raw, float (&v)[8]) {
  v[0] = low_half(raw.x);
  v[1] = high_half(raw.x);
  v[2] = low_half(raw.y);
  v[3] = high_half(raw.y);
  v[4] = low_half(raw.z);
  v[5] = high_half(raw.z);
  v[6] = low_half(raw.w);
  v[7] = high_half(raw.w);
}
__device__ inline void unpack(uint4 raw, float (&v)[4]) {
  v[0] = __uint_as_float(raw.x);
  v[1] = __uint_as_float(raw.y);
  v[2] = __uint_as_float(raw.z);
  v[3] = __uint_as_float(raw.w);
}

// Floats to a chunk.
__device__ inline uint4 pack(const float (&v)[8]) {
  return make_uint4(pack_halves(v[0], v[1]), pack_halves(v[2], v[3]),
                    pack_halves(v[4], v[5]), pack_halves(v[6], v[7]));
}
__device__ inline uint4 pack(const float (&v)[4]) {
  return make_uint4(__float_as_uint(v[0]), __float_as_uint(v[1]),
                    __float_as_uint(v[2]), __float_as_uint(v[3]));
}

__device__ inline uint4 load_chunk(const void* at) {
  return *static_cast<const uint4*>(at);
}
__device__ inline void store_chunk(void* at, uint4 raw) {
  *static_cast<uint4*>(at) = raw;
}

// Loads n floats. `at` is 16-byte aligned, n is a multiple of 4.
template <int n>
__device__ inline void load_floats(const float* at, float (&v)[n]) {
#pragma unroll
  for (int i = 0; i < n; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(at + i);
    v[i] = four.x;
    v[i + 1] = four.y;
    v[i + 2] = four.z;
    v[i + 3] = four.w;
  }
}

// The sum over all 32 lanes, in every lane.
__device__ inline float warp_sum(float v) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    v += __shfl_xor_sync(0xffffffffu, v, step);
  return v;
}

}  // namespace alfa::kernels
