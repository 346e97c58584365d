// A block to a patch: it sums the neighbours, finds the length of the sum, and
// writes the scaled row.
//
// Lower bound for an image and level of 225 x 896 halves with 3 x 3 neighbours:
// 0.8 MB from and to memory, 0.2 us, and 3.6 MB from the L2 cache, 0.7 us. A
// batch of one costs a launch, 2 to 3 us.
#include <string>

#include "kernels/block_sum.cuh"
#include "kernels/chunk.cuh"
#include "kernels/launch.cuh"
#include "kernels/patch_features/patch_features_cuda.h"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 128;
// Elements of a row that a thread takes at a time: 16 bytes of halves. 128
// threads cover rows of up to 1,024 elements in one step.
constexpr int kWide = 8;

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

// N: the elements of a thread in a step; kWide where width and alignment allow
// it, else 1.
template <typename In, typename Out, int N>
__global__ void __launch_bounds__(kThreads)
    sum_neighbours(CudaPatchFeatures t) {
  const int patches = t.grid * t.grid;
  const int p = static_cast<int>(blockIdx.x) % patches;
  const int image = static_cast<int>(blockIdx.x) / patches;
  const int reach = t.neighbours / 2;
  const int y = p / t.grid;
  const int x = p % t.grid;
  const int top = max(y - reach, 0);
  const int bottom = min(y + reach, t.grid - 1);
  const int left = max(x - reach, 0);
  const int right = min(x + reach, t.grid - 1);
  const In* tokens = static_cast<const In*>(t.tokens) + image * t.image_stride;
  // Sums along columns first, then the sum of these: the order of the CPU, so
  // sums of fp32 tokens are equal to the CPU's bit for bit.
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
  // The sum of a thread's first step stays in registers. The sums of later
  // steps, in longer rows, are computed a second time.
  float row_sum[N] = {};
  double squares[1] = {0};
  for (int e = first; e < t.width; e += kThreads * N) {
    float sum[N];
    sum_at(e, sum);
    // In double, as on the CPU: a square may be outside the range of a float.
    for (int i = 0; i < N; ++i)
      squares[0] += static_cast<double>(sum[i]) * static_cast<double>(sum[i]);
    if (e == first)
      for (int i = 0; i < N; ++i) row_sum[i] = sum[i];
  }
  block_sum<kThreads>(squares);
  const double scale =
      squares[0] > 0 ? static_cast<double>(t.length) / sqrt(squares[0]) : 0;
  Out* out = static_cast<Out*>(t.out) +
             static_cast<ptrdiff_t>(blockIdx.x) * t.out_stride;
  for (int e = first; e < t.width; e += kThreads * N) {
    if (e != first) sum_at(e, row_sum);
    for (float& v : row_sum)
      v = static_cast<float>(static_cast<double>(v) * scale);
    store(out + e, row_sum);
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
    throw Error(
        Code::kRange,
        "neighbourhood: expected an odd number of patches but received " +
            std::to_string(t.neighbours) + ".");
  if (t.images == 0) return;
  const bool half_in = t.in_element == Element::kHalf;
  const bool half_out = t.out_element == Element::kHalf;
  if (half_in && half_out)
    launch_for<__half, __half>(t, stream);
  else if (half_in)
    launch_for<__half, float>(t, stream);
  else if (half_out)
    launch_for<float, __half>(t, stream);
  else
    launch_for<float, float>(t, stream);
}

}  // namespace alfa::kernels
