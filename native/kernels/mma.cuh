// One step of the tensor cores: D += A * B, where A is 16 x 16 and B is 16 x 8,
// both of halves, and D is 16 x 8 of floats. All 32 lanes of a warp call it
// together.
//
// Each lane holds fragments of the matrices, in the layout of PTX's
// mma.m16n8k16 (row.col). With g = lane / 4 and t = lane % 4, and two halves in
// a register (the lower column or row in the lower 16 bits):
// - a[0] = A[g][2t, 2t+1]
// - a[1] = A[g+8][2t, 2t+1]
// - a[2] = A[g][2t+8, 2t+9]
// - a[3] = A[g+8][2t+8, 2t+9]
// - b[0] = B[2t, 2t+1][g]
// - b[1] = B[2t+8, 2t+9][g]
// - d[0], d[1] = D[g][2t, 2t+1]
// - d[2], d[3] = D[g+8][2t, 2t+1]
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace alfa::kernels {

#ifdef ALFA_CUDA_EMULATED

// What one lane passes to the emulated instruction.
struct MmaLane {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
};

inline float half_of(uint32_t pair, int which) {
  return __half2float(
      __ushort_as_half(static_cast<unsigned short>(pair >> (16 * which))));
}

inline void mma_of_warp(void* const* lanes, int count) {
  if (count != 32) __builtin_trap();  // the instruction needs a full warp
  float a[16][16];
  float b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto* from = static_cast<const MmaLane*>(lanes[lane]);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int i = 0; i < 2; ++i) {
      a[g][2 * t + i] = half_of(from->a[0], i);
      a[g + 8][2 * t + i] = half_of(from->a[1], i);
      a[g][2 * t + 8 + i] = half_of(from->a[2], i);
      a[g + 8][2 * t + 8 + i] = half_of(from->a[3], i);
      b[2 * t + i][g] = half_of(from->b[0], i);
      b[2 * t + 8 + i][g] = half_of(from->b[1], i);
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    float* d = static_cast<MmaLane*>(lanes[lane])->d;
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8;
      const int column = lane % 4 * 2 + i % 2;
      float sum = 0;
      for (int k = 0; k < 16; ++k) sum += a[row][k] * b[k][column];
      d[i] += sum;
    }
  }
}

inline void mma_16x8x16(float (&d)[4], const uint32_t (&a)[4],
                        const uint32_t (&b)[2], ALFA_LOCATION) {
  MmaLane fragments{d, a, b};
  emulated::sync_warp({"mma_16x8x16", file, line}, 0xffffffffu, &fragments,
                      mma_of_warp);
}

#else

__device__ inline void mma_16x8x16(float (&d)[4], const uint32_t (&a)[4],
                                   const uint32_t (&b)[2]) {
  // volatile: all lanes must execute it. Otherwise the compiler could move it
  // into a branch that only some lanes take.
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
      "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#endif

}  // namespace alfa::kernels
