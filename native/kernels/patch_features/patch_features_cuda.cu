// A block to a patch: its neighbours' sum, then its length, then the row.
// Floor: each token once from memory and neighbours^2 times from the
// second-level cache, each row written once: 0.8 MB an image and level of 225 x
// 896 halves, 0.2 us, and 3.6 MB from the cache with 3 x 3 neighbours, 0.7 us;
// a launch of 2 to 3 us is what one image costs.
#include <string>

#include "kernels/block_sum.cuh"
#include "kernels/chunk.cuh"
#include "kernels/launch.cuh"
#include "kernels/patch_features/patch_features_cuda.h"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 128;
constexpr int kWide = 8;  // values of a row that a thread has at a time: 16
                          // bytes of halves; 128 of them are rows up to 1024

template <typename T, int N>
__device__ inline void add(const T* from, float (&sum)[N]) {
  if constexpr (N == 1) {
    sum[0] += to_float(*from);
  } else {
#pragma unroll
    for (int i = 0; i < N; i += kPerChunk<T>) {
      float v[kPerChunk<T>];
      unpack(load_chunk(from + i), v);
      for (int j = 0; j < kPerChunk<T>; ++j) sum[i + j] += v[j];
    }
  }
}

template <typename T, int N>
__device__ inline void store(T* to, const float (&value)[N]) {
  if constexpr (N == 1) {
    *to = from_float<T>(value[0]);
  } else {
#pragma unroll
    for (int i = 0; i < N; i += kPerChunk<T>) {
      float v[kPerChunk<T>];
      for (int j = 0; j < kPerChunk<T>; ++j) v[j] = value[i + j];
      store_chunk(to + i, pack(v));
    }
  }
}

// N: values that lie together and are aligned so; kWide or 1.
template <typename In, typename Out, int N>
__global__ void __launch_bounds__(kThreads)
    sum_neighbours(CudaPatchFeatures t) {
  const int patches = t.grid * t.grid,
            p = static_cast<int>(blockIdx.x) % patches,
            image = static_cast<int>(blockIdx.x) / patches;
  const int reach = t.neighbours / 2, y = p / t.grid, x = p % t.grid;
  const int top = max(y - reach, 0), bottom = min(y + reach, t.grid - 1),
            left = max(x - reach, 0), right = min(x + reach, t.grid - 1);
  const In* tokens = static_cast<const In*>(t.tokens) + image * t.image_stride;
  // Columns, then their sum: the order of the CPU, so that the sums of fp32
  // tokens are its bits.
  const auto sum_at = [&](int e, float (&sum)[N]) {
    for (float& s : sum) s = 0;
    for (int u = left; u <= right; ++u) {
      float column[N] = {};
      for (int v = top; v <= bottom; ++v)
        add(tokens + static_cast<ptrdiff_t>(v * t.grid + u) * t.width + e,
            column);
      for (int i = 0; i < N; ++i) sum[i] += column[i];
    }
  };
  const int first = static_cast<int>(threadIdx.x) * N;
  float held[N] = {};  // what comes first stays in registers; the rest of a
                       // longer row is summed again
  double squares[1] = {0};
  for (int e = first; e < t.width; e += kThreads * N) {
    float sum[N];
    sum_at(e, sum);
    // In double, as on the CPU: squares of a row's values may lie outside a
    // float.
    for (int i = 0; i < N; ++i)
      squares[0] += static_cast<double>(sum[i]) * static_cast<double>(sum[i]);
    if (e == first)
      for (int i = 0; i < N; ++i) held[i] = sum[i];
  }
  block_sum<kThreads>(squares);
  const double scale =
      squares[0] > 0 ? static_cast<double>(t.length) / sqrt(squares[0]) : 0;
  Out* out = static_cast<Out*>(t.out) +
             static_cast<ptrdiff_t>(blockIdx.x) * t.out_stride;
  for (int e = first; e < t.width; e += kThreads * N) {
    if (e != first) sum_at(e, held);
    for (float& v : held)
      v = static_cast<float>(static_cast<double>(v) * scale);
    store(out + e, held);
  }
}

template <typename In, typename Out>
void launch_for(const CudaPatchFeatures& t, CudaStream stream) {
  const bool wide = t.width % kWide == 0 && t.image_stride % kWide == 0 &&
                    t.out_stride % kWide == 0 && aligned16(t.tokens) &&
                    aligned16(t.out);
  launch("patch_features",
         wide ? sum_neighbours<In, Out, kWide> : sum_neighbours<In, Out, 1>,
         dim3(static_cast<unsigned>(t.images * t.grid * t.grid)),
         dim3(kThreads), size_t{0}, stream, t);
}

}  // namespace

void patch_features_cuda(const CudaPatchFeatures& t, CudaStream stream) {
  if (t.neighbours < 1 || t.neighbours % 2 == 0)
    throw Error(Code::kRange,
                "neighbourhood: expected an odd number of patches but found " +
                    std::to_string(t.neighbours));
  if (t.images == 0) return;
  const bool in_half = t.in_element == Element::kHalf,
             out_half = t.out_element == Element::kHalf;
  if (in_half)
    out_half ? launch_for<__half, __half>(t, stream)
             : launch_for<__half, float>(t, stream);
  else
    out_half ? launch_for<float, __half>(t, stream)
             : launch_for<float, float>(t, stream);
}

}  // namespace alfa::kernels
