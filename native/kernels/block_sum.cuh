// Sums over a warp or a block in double. Every thread takes part and gets the
// sum. The order of additions is fixed, so equal inputs give equal bits.
#pragma once
#include <cuda_runtime.h>

namespace alfa::kernels {

__device__ inline double warp_sum(double v) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    v += __shfl_xor_sync(0xffffffffu, v, step);
  return v;
}

// N sums at once, in place. kThreads: the threads of the block, a multiple of
// 32.
template <int kThreads, int N>
__device__ inline void block_sum(double (&v)[N]) {
  constexpr int kWarps = kThreads / 32;
  __shared__ double warp_sums[kWarps][N];
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int i = 0; i < N; ++i) v[i] = warp_sum(v[i]);
  __syncthreads();  // all threads have read the sums of the previous call
  if (thread % 32 == 0)
    for (int i = 0; i < N; ++i) warp_sums[thread / 32][i] = v[i];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < N; ++i) {
    v[i] = warp_sums[0][i];
    for (int w = 1; w < kWarps; ++w) v[i] += warp_sums[w][i];
  }
}

}  // namespace alfa::kernels
