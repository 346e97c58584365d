// Sums over a warp or a block, in double, in an order that is always the same;
// every thread of it takes part and gets them.
#pragma once
#include <cuda_runtime.h>

namespace alfa::kernels {

__device__ inline double warp_sum(double v) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    v += __shfl_xor_sync(0xffffffffu, v, step);
  return v;
}

// N sums at a time. kThreads: of the block, whole warps.
template <int kThreads, int N>
__device__ inline void block_sum(double (&v)[N]) {
  constexpr int kWarps = kThreads / 32;
  __shared__ double of_warp[kWarps][N];
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int i = 0; i < N; ++i) v[i] = warp_sum(v[i]);
  __syncthreads();  // the last sums have been read
  if (thread % 32 == 0)
    for (int i = 0; i < N; ++i) of_warp[thread / 32][i] = v[i];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < N; ++i) {
    v[i] = of_warp[0][i];
    for (int w = 1; w < kWarps; ++w) v[i] += of_warp[w][i];
  }
}

}  // namespace alfa::kernels
