// Small kernels whose cost is latency: the 365 scores and 225 patches of an
// image are 2.4 KB.
//
// Every sum is in double and adds its windows in the order of the CPU, so maps
// are equal to the CPU's bit for bit. 1 / 0 is infinite and n / infinity is 0,
// so scores of 0 need no branch.
#include <cmath>
#include <string>

#include "kernels/harmonic_map/harmonic_map_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

// scale_map at one patch. inverse(w): 1 / the score of window w.
template <typename Inverse>
__device__ float scale_at(int patch, int grid, int k, Inverse inverse) {
  const int windows = grid - k + 1;
  const int y = patch / grid;
  const int x = patch % grid;
  const int top = max(y - k + 1, 0);
  const int bottom = min(y, windows - 1);
  const int left = max(x - k + 1, 0);
  const int right = min(x, windows - 1);
  double sum = 0;
  for (int i = top; i <= bottom; ++i)
    for (int j = left; j <= right; ++j) sum += inverse(i * windows + j);
  return static_cast<float>((bottom - top + 1) * (right - left + 1) / sum);
}

// A thread to a patch. A division takes longer than all additions of a patch.
// With kStaged, each window's division is done once and its result is kept in
// shared memory. Without it (too many windows), every patch divides again.
template <bool kStaged>
__global__ void __launch_bounds__(kThreads)
    harmonic_map_kernel(const __grid_constant__ CudaHarmonicMap t) {
  double* staged = reinterpret_cast<double*>(dynamic_shared());  // [windows]
  const int image = static_cast<int>(blockIdx.y);
  const int thread = static_cast<int>(threadIdx.x);
  const int patches = t.grid * t.grid;
  const float* scores = t.scores + static_cast<int64_t>(image) * t.windows;
  if constexpr (kStaged) {
    for (int w = thread; w < t.windows; w += kThreads)
      staged[w] = 1.0 / static_cast<double>(scores[w]);
    __syncthreads();
  }
  const int patch = static_cast<int>(blockIdx.x) * kThreads + thread;
  if (patch >= patches) return;
  double inverse_sum = 0;
  int first = 0;  // window of the scale
  for (int s = 0; s < t.scale_count; ++s) {
    const int k = t.scales[s];
    const float value = scale_at(patch, t.grid, k, [&](int w) {
      if constexpr (kStaged)
        return staged[first + w];
      else
        return 1.0 / static_cast<double>(scores[first + w]);
    });
    inverse_sum += 1.0 / static_cast<double>(value);
    first += (t.grid - k + 1) * (t.grid - k + 1);
  }
  if (t.global) inverse_sum += 1.0 / static_cast<double>(t.global[image]);
  const int scales = t.scale_count + (t.global ? 1 : 0);
  t.map[static_cast<int64_t>(image) * patches + patch] =
      static_cast<float>(scales / inverse_sum);
}

// A thread to a patch.
__global__ void __launch_bounds__(kThreads)
    bank_map_kernel(const __grid_constant__ CudaBankMap t) {
  const int image = static_cast<int>(blockIdx.y);
  const int patches = t.grid * t.grid;
  const int patch = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (patch >= patches) return;
  double sum = 0;
  for (int l = 0; l < t.levels; ++l) {
    const int k = t.scales[l];
    const int windows = t.grid - k + 1;
    const int rows = k == 0 ? patches : windows * windows;
    const float* distances =
        t.distances[l] + static_cast<int64_t>(image) * rows;
    if (k == 0)
      sum += static_cast<double>(distances[patch]);
    else
      sum += static_cast<double>(scale_at(patch, t.grid, k, [&](int w) {
        return 1.0 / static_cast<double>(distances[w]);
      }));
  }
  t.map[static_cast<int64_t>(image) * patches + patch] =
      static_cast<float>(sum / t.levels);
}

// The larger number, or NaN if one of them is NaN: a score must not hide it.
__device__ inline float larger(float a, float b) {
  return a > b || a != a ? a : b;
}

// In all threads of the block.
__device__ float block_maximum(float v) {
  __shared__ float warp_maxima[kWarps];
#pragma unroll
  for (int step = 16; step > 0; step /= 2)
    v = larger(v, __shfl_xor_sync(0xffffffffu, v, step));
  __syncthreads();  // all threads have read the maxima of the previous call
  if (threadIdx.x % 32 == 0) warp_maxima[threadIdx.x / 32] = v;
  __syncthreads();
  for (int w = 0; w < kWarps; ++w) v = larger(v, warp_maxima[w]);
  return v;
}

// A block to an image.
__global__ void __launch_bounds__(kThreads)
    image_scores_kernel(CudaImageScores t) {
  const int image = static_cast<int>(blockIdx.x);
  const int64_t offset = static_cast<int64_t>(image) * t.patches;
  float* map = t.map ? t.map + offset : nullptr;
  const float* bank = t.bank ? t.bank + offset : nullptr;
  float map_maximum = -INFINITY;
  float bank_maximum = -INFINITY;
  float maximum = -INFINITY;  // of the combined map
  for (int i = static_cast<int>(threadIdx.x); i < t.patches; i += kThreads) {
    const float m = map ? map[i] : 0.0f;
    const float b = bank ? bank[i] : 0.0f;
    float combined = map ? m : b;
    if (map && bank) {
      combined = (m + b) / 2;
      map[i] = combined;
    }
    map_maximum = larger(map_maximum, m);
    bank_maximum = larger(bank_maximum, b);
    maximum = larger(maximum, combined);
  }
  map_maximum = block_maximum(map_maximum);
  bank_maximum = block_maximum(bank_maximum);
  maximum = block_maximum(maximum);
  if (threadIdx.x > 0) return;
  float score = t.global[image];
  if (map && t.mean) score = (score + map_maximum) / 2;
  if (bank) score = (score + bank_maximum) / 2;
  t.score[image] = score;
  t.local[image] = map || bank ? maximum : NAN;
}

void validate_scale(int k, int grid) {
  if (grid < 1 || k < 1 || k > grid)
    throw Error(Code::kRange,
                "window scale: expected 1 to " + std::to_string(grid) +
                    " patches but received " + std::to_string(k) + ".");
}

dim3 grid_for(int grid, int images) {
  return dim3(blocks_for(grid * grid, kThreads), static_cast<unsigned>(images));
}

// The most shared memory for staged windows: 12,288 of them. Every architecture
// has that much.
constexpr size_t kMaxStagedBytes = 96 * 1024;
// A kernel that uses more dynamic shared memory than this must ask for it.
constexpr size_t kDefaultSharedBytes = 48 * 1024;

}  // namespace

void harmonic_map_cuda(const CudaHarmonicMap& t, CudaStream stream) {
  if (t.scale_count < 1 || t.scale_count > CudaHarmonicMap::kMaxScales)
    throw Error(Code::kRange, "harmonic map: expected 1 to " +
                                  std::to_string(CudaHarmonicMap::kMaxScales) +
                                  " scales but received " +
                                  std::to_string(t.scale_count) + ".");
  for (int s = 0; s < t.scale_count; ++s) validate_scale(t.scales[s], t.grid);
  if (t.images == 0) return;
  const dim3 grid = grid_for(t.grid, t.images);
  const size_t bytes = static_cast<size_t>(t.windows) * sizeof(double);
  if (bytes > kMaxStagedBytes)
    return launch("harmonic_map", harmonic_map_kernel<false>, grid, kThreads, 0,
                  stream, t);
  if (bytes > kDefaultSharedBytes)
    check_cuda(cudaFuncSetAttribute(harmonic_map_kernel<true>,
                                    cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(kMaxStagedBytes)),
               "harmonic_map");
  launch("harmonic_map", harmonic_map_kernel<true>, grid, kThreads, bytes,
         stream, t);
}

void bank_map_cuda(const CudaBankMap& t, CudaStream stream) {
  if (t.levels < 1 || t.levels > CudaBankMap::kMaxLevels)
    throw Error(Code::kRange, "bank map: expected 1 to " +
                                  std::to_string(CudaBankMap::kMaxLevels) +
                                  " levels but received " +
                                  std::to_string(t.levels) + ".");
  for (int l = 0; l < t.levels; ++l)
    if (t.scales[l] != 0) validate_scale(t.scales[l], t.grid);
  if (t.images == 0) return;
  launch("bank_map", bank_map_kernel, grid_for(t.grid, t.images), kThreads, 0,
         stream, t);
}

void image_scores_cuda(const CudaImageScores& t, CudaStream stream) {
  if (t.images == 0) return;
  launch("image_scores", image_scores_kernel, static_cast<unsigned>(t.images),
         kThreads, 0, stream, t);
}

}  // namespace alfa::kernels
