// Small kernels, all of them latency: an image's 365 scores and 225 patches
// are 2.4 KB. Every sum is in double and runs over its windows in the CPU's
// order, so that maps are the CPU's bit for bit. 1/0 is infinite and n/infinity
// is 0: scores of 0 need no branch.
#include <cmath>
#include <string>

#include "kernels/harmonic_map/harmonic_map_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;

// scale_map at one patch. inverse(w): 1 / the score of window w.
template <typename Inverse>
__device__ float scale_at(int patch, int grid, int k, Inverse inverse) {
  const int windows = grid - k + 1, y = patch / grid, x = patch % grid;
  const int top = max(y - k + 1, 0), bottom = min(y, windows - 1),
            left = max(x - k + 1, 0), right = min(x, windows - 1);
  double sum = 0;
  for (int i = top; i <= bottom; ++i)
    for (int j = left; j <= right; ++j) sum += inverse(i * windows + j);
  return static_cast<float>((bottom - top + 1) * (right - left + 1) / sum);
}

// A thread to a patch. A division takes longer than all additions of a patch:
// each window's is done once, in shared memory; without kStaged (there are too
// many) by every patch that it holds.
template <bool kStaged>
__global__ void __launch_bounds__(kThreads)
    harmonic_map_kernel(const __grid_constant__ CudaHarmonicMap t) {
  double* staged = reinterpret_cast<double*>(dynamic_shared());  // [count]
  const int image = static_cast<int>(blockIdx.y),
            thread = static_cast<int>(threadIdx.x), cells = t.grid * t.grid;
  const float* scores = t.scores + static_cast<int64_t>(image) * t.count;
  if constexpr (kStaged) {
    for (int w = thread; w < t.count; w += kThreads)
      staged[w] = 1.0 / static_cast<double>(scores[w]);
    __syncthreads();
  }
  const int patch = static_cast<int>(blockIdx.x) * kThreads + thread;
  if (patch >= cells) return;
  double total = 0;
  int first = 0;
  for (int s = 0; s < t.scale_count; ++s) {
    const int k = t.scales[s];
    total += 1.0 / static_cast<double>(scale_at(patch, t.grid, k, [&](int w) {
               if constexpr (kStaged)
                 return staged[first + w];
               else
                 return 1.0 / static_cast<double>(scores[first + w]);
             }));
    first += (t.grid - k + 1) * (t.grid - k + 1);
  }
  if (t.global) total += 1.0 / static_cast<double>(t.global[image]);
  t.map[static_cast<int64_t>(image) * cells + patch] =
      static_cast<float>((t.scale_count + (t.global ? 1 : 0)) / total);
}

__global__ void __launch_bounds__(kThreads)
    bank_map_kernel(const __grid_constant__ CudaBankMap t) {
  const int image = static_cast<int>(blockIdx.y), cells = t.grid * t.grid,
            patch = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (patch >= cells) return;
  double sum = 0;
  for (int l = 0; l < t.levels; ++l) {
    const int k = t.scales[l], windows = t.grid - k + 1;
    const float* distance =
        t.distances[l] +
        static_cast<int64_t>(image) * (k == 0 ? cells : windows * windows);
    sum += static_cast<double>(
        k == 0 ? distance[patch] : scale_at(patch, t.grid, k, [&](int w) {
          return 1.0 / static_cast<double>(distance[w]);
        }));
  }
  t.map[static_cast<int64_t>(image) * cells + patch] =
      static_cast<float>(sum / t.levels);
}

// NaN where one of them is, so that a score shows it.
__device__ inline float larger(float a, float b) {
  return a > b || a != a ? a : b;
}

__device__ float block_largest(float v) {
  __shared__ float of_warp[kWarps];
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    v = larger(v, __shfl_xor_sync(0xffffffffu, v, step));
  __syncthreads();  // the last ones have been read
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = v;
  __syncthreads();
  for (int w = 0; w < kWarps; ++w) v = larger(v, of_warp[w]);
  return v;
}

// A block to an image.
__global__ void __launch_bounds__(kThreads)
    image_scores_kernel(CudaImageScores t) {
  const int image = static_cast<int>(blockIdx.x);
  float* map =
      t.map ? t.map + static_cast<int64_t>(image) * t.patches : nullptr;
  const float* bank =
      t.bank ? t.bank + static_cast<int64_t>(image) * t.patches : nullptr;
  float own = -INFINITY, near = -INFINITY, both = -INFINITY;
  for (int i = static_cast<int>(threadIdx.x); i < t.patches; i += kThreads) {
    const float m = map ? map[i] : 0.0f, b = bank ? bank[i] : 0.0f,
                shown = map && bank ? (m + b) / 2
                        : map       ? m
                                    : b;
    own = larger(own, m);
    near = larger(near, b);
    both = larger(both, shown);
    if (map && bank) map[i] = shown;
  }
  own = block_largest(own);
  near = block_largest(near);
  both = block_largest(both);
  if (threadIdx.x > 0) return;
  float score = t.global[image];
  if (map && t.mean) score = (score + own) / 2;
  if (bank) score = (score + near) / 2;
  t.score[image] = score;
  t.local[image] = map || bank ? both : NAN;
}

void check_scale(int k, int grid) {
  if (grid < 1 || k < 1 || k > grid)
    throw Error(Code::kRange, "window scale: expected 1 to " +
                                  std::to_string(grid) + " patches but found " +
                                  std::to_string(k));
}

dim3 blocks_for(int grid, int images) {
  return dim3((grid * grid + kThreads - 1) / kThreads, images);
}

constexpr size_t kMostStaged =
    96 * 1024;  // bytes, of what every architecture has: 12,288 windows

}  // namespace

void harmonic_map_cuda(const CudaHarmonicMap& t, CudaStream stream) {
  if (t.scale_count < 1 || t.scale_count > CudaHarmonicMap::kMaxScales)
    throw Error(Code::kRange, "harmonic map: expected 1 to " +
                                  std::to_string(CudaHarmonicMap::kMaxScales) +
                                  " scales but found " +
                                  std::to_string(t.scale_count));
  for (int s = 0; s < t.scale_count; ++s) check_scale(t.scales[s], t.grid);
  if (t.images == 0) return;
  const size_t bytes = static_cast<size_t>(t.count) * sizeof(double);
  if (bytes > kMostStaged)
    return launch("harmonic_map", harmonic_map_kernel<false>,
                  blocks_for(t.grid, t.images), kThreads, 0, stream, t);
  if (bytes > 48 * 1024)
    check_cuda(cudaFuncSetAttribute(harmonic_map_kernel<true>,
                                    cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(kMostStaged)),
               "harmonic_map");
  launch("harmonic_map", harmonic_map_kernel<true>,
         blocks_for(t.grid, t.images), kThreads, bytes, stream, t);
}

void bank_map_cuda(const CudaBankMap& t, CudaStream stream) {
  if (t.levels < 1 || t.levels > CudaBankMap::kMaxLevels)
    throw Error(Code::kRange, "bank map: expected 1 to " +
                                  std::to_string(CudaBankMap::kMaxLevels) +
                                  " levels but found " +
                                  std::to_string(t.levels));
  for (int l = 0; l < t.levels; ++l)
    if (t.scales[l] != 0) check_scale(t.scales[l], t.grid);
  if (t.images == 0) return;
  launch("bank_map", bank_map_kernel, blocks_for(t.grid, t.images), kThreads, 0,
         stream, t);
}

void image_scores_cuda(const CudaImageScores& t, CudaStream stream) {
  if (t.images == 0) return;
  launch("image_scores", image_scores_kernel, t.images, kThreads, 0, stream, t);
}

}  // namespace alfa::kernels
