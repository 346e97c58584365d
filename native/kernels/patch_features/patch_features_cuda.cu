// Floor: every token is read once from memory and neighbours^2 times from the caches, every row written once: 0.8 MB an image
// and level of 225 x 896 halves, 0.2 us at 4.3 TB/s; a launch is what it costs.
#include "kernels/patch_features/patch_features_cuda.h"

#include "kernels/chunk.cuh"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 128;

// A block to a row (patch blockIdx.x of image blockIdx.y): the sum in shared memory, then its length, then the row.
template <typename In, typename Out>
__global__ void __launch_bounds__(kThreads) sum_neighbours(CudaPatchFeatures t) {
  float* sum = reinterpret_cast<float*>(dynamic_shared());  // [width]
  __shared__ float of_warp[kThreads / 32];
  const int p = static_cast<int>(blockIdx.x), image = static_cast<int>(blockIdx.y), reach = t.neighbours / 2, y = p / t.grid, x = p % t.grid;
  const In* tokens = static_cast<const In*>(t.tokens) + image * t.image_stride;
  float squares = 0;
  for (int i = threadIdx.x; i < t.width; i += kThreads) {
    float total = 0;
    for (int v = max(y - reach, 0); v <= min(y + reach, t.grid - 1); ++v)
      for (int u = max(x - reach, 0); u <= min(x + reach, t.grid - 1); ++u) total += to_float(tokens[static_cast<int64_t>(v * t.grid + u) * t.width + i]);
    sum[i] = total;
    squares += total * total;
  }
  squares = warp_sum(squares);
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = squares;
  __syncthreads();
  squares = 0;
  for (int w = 0; w < kThreads / 32; ++w) squares += of_warp[w];
  const float scale = squares > 0 ? t.length / sqrtf(squares) : squares;  // of a row with NaN: NaN
  Out* out = static_cast<Out*>(t.out) + (static_cast<int64_t>(image) * t.grid * t.grid + p) * t.out_stride;
  for (int i = threadIdx.x; i < t.width; i += kThreads) out[i] = from_float<Out>(sum[i] * scale);
}

}  // namespace

void patch_features_cuda(const CudaPatchFeatures& t, CudaStream stream) {
  if (t.images == 0) return;
  const bool in_half = t.in_element == Element::kHalf, out_half = t.out_element == Element::kHalf;
  const auto kernel = in_half ? (out_half ? sum_neighbours<__half, __half> : sum_neighbours<__half, float>)
                              : (out_half ? sum_neighbours<float, __half> : sum_neighbours<float, float>);
  launch("patch_features", kernel, dim3(static_cast<unsigned>(t.grid * t.grid), static_cast<unsigned>(t.images)), dim3(kThreads),
         static_cast<size_t>(t.width) * sizeof(float), stream, t);
}

}  // namespace alfa::kernels
