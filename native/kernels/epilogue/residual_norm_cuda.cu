// residual_norm: the residual stream's step and the LayerNorm after it, in one
// pass over memory. The floor below is for one image of ViT-B-16-plus-240
// (2,896 rows of 896 halves) at 4.3 TB/s.
#include <string>

#include "kernels/chunk.cuh"
#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

constexpr int kWarps = 4;  // rows that a block takes, a warp each

// A row over the lanes of a warp: lane l holds chunks l, l + 32, ... as floats.
// N: chunks of a lane.
template <typename T, int N>
struct WarpRow {
  static constexpr int kPer = kPerChunk<T>;
  float v[N][kPer];

  // f(chunk number within the lane, first column)
  template <typename F>
  __device__ static void each(int width, F f) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const int column = (i * 32 + static_cast<int>(threadIdx.x & 31)) * kPer;
      if (column < width) f(i, column);
    }
  }
};

// x and residual, read as whole rows, then LayerNorm from registers: mean
// first, then the variance around it, so that a row far from zero loses
// nothing. Floor: 4 rows of 1,792 bytes each, 20.8 MB an image, 4.8 us; no row
// waits for another, and a warp has all its loads under way at once.
template <typename T, int N>
__global__ void __launch_bounds__(32 * kWarps)
    residual_norm_rows(CudaResidualNorm p) {
  using Row = WarpRow<T, N>;
  constexpr int kPer = Row::kPer;
  const int64_t row =
      static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= p.count) return;
  const T* x = static_cast<const T*>(p.x) + row * p.width;
  uint4 raw[N], residual_chunk[N];
  Row::each(p.width,
            [&](int i, int column) { raw[i] = load_chunk(x + column); });
  if (p.residual) {
    const T* residual = static_cast<const T*>(p.residual) +
                        (p.rows ? p.rows[row] : row) * p.width;
    Row::each(p.width, [&](int i, int column) {
      residual_chunk[i] = load_chunk(residual + column);
    });
  }
  Row r;
  float total = 0;
  Row::each(p.width, [&](int i, int column) {
    unpack(raw[i], r.v[i]);
    if (p.bias) {
      float bias[kPer];
      load_floats(p.bias + column, bias);
#pragma unroll
      for (int j = 0; j < kPer; ++j) r.v[i][j] += bias[j];
    }
    if (p.residual) {
      float other[kPer];
      unpack(residual_chunk[i], other);
#pragma unroll
      for (int j = 0; j < kPer; ++j) r.v[i][j] += other[j];
    }
#pragma unroll
    for (int j = 0; j < kPer; ++j) total += r.v[i][j];
    if (p.sum)
      store_chunk(static_cast<T*>(p.sum) + row * p.width + column,
                  pack(r.v[i]));
  });
  const float n = static_cast<float>(p.width), mean = warp_sum(total) / n;
  float squares = 0;
  Row::each(p.width, [&](int i, int) {
#pragma unroll
    for (int j = 0; j < kPer; ++j)
      squares += (r.v[i][j] - mean) * (r.v[i][j] - mean);
  });
  const float inverse = rsqrtf(warp_sum(squares) / n + p.epsilon);
  T* out = static_cast<T*>(p.out) + row * p.width;
  Row::each(p.width, [&](int i, int column) {
    float weight[kPer], bias[kPer];
    load_floats(p.norm_weight + column, weight);
    load_floats(p.norm_bias + column, bias);
#pragma unroll
    for (int j = 0; j < kPer; ++j)
      r.v[i][j] = (r.v[i][j] - mean) * inverse * weight[j] + bias[j];
    store_chunk(out + column, pack(r.v[i]));
  });
}

constexpr int
    kWideThreads = 256,
    kMostWide = 24576;  // floats of shared memory: what every architecture has

__device__ float block_sum(float v) {
  __shared__ float of_warp[kWideThreads / 32];
  v = warp_sum(v);
  __syncthreads();  // the last sum has been read
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = v;
  __syncthreads();
  float total = 0;
  for (int i = 0; i < kWideThreads / 32; ++i) total += of_warp[i];
  return total;
}

// Any width, any alignment: a block to a row, which lies in shared memory (sum
// may be the residual's own memory).
template <typename T>
__global__ void __launch_bounds__(kWideThreads)
    residual_norm_wide(CudaResidualNorm p) {
  float* row = reinterpret_cast<float*>(dynamic_shared());
  const int64_t at = static_cast<int64_t>(blockIdx.x) * p.width;
  const T* residual = p.residual
                          ? static_cast<const T*>(p.residual) +
                                (p.rows ? p.rows[blockIdx.x]
                                        : static_cast<int64_t>(blockIdx.x)) *
                                    p.width
                          : nullptr;
  float total = 0;
  for (int i = threadIdx.x; i < p.width;
       i += kWideThreads) {  // a thread reads only what it wrote: no barrier
    const float v = to_float(static_cast<const T*>(p.x)[at + i]) +
                    (p.bias ? p.bias[i] : 0.0f) +
                    (residual ? to_float(residual[i]) : 0.0f);
    row[i] = v;
    total += v;
    if (p.sum) static_cast<T*>(p.sum)[at + i] = from_float<T>(v);
  }
  const float n = static_cast<float>(p.width), mean = block_sum(total) / n;
  float squares = 0;
  for (int i = threadIdx.x; i < p.width; i += kWideThreads)
    squares += (row[i] - mean) * (row[i] - mean);
  const float inverse = rsqrtf(block_sum(squares) / n + p.epsilon);
  for (int i = threadIdx.x; i < p.width; i += kWideThreads)
    static_cast<T*>(p.out)[at + i] = from_float<T>(
        (row[i] - mean) * inverse * p.norm_weight[i] + p.norm_bias[i]);
}

template <typename T>
void residual_norm(const CudaResidualNorm& p, CudaStream stream) {
  constexpr int kSmall = 1024 / (32 * kPerChunk<T>),
                kLarge =
                    2 *
                    kSmall;  // chunks of a lane for 1,024 and 2,048 elements
  const bool chunks = p.width % kPerChunk<T> == 0 && aligned16(p.x) &&
                      aligned16(p.bias) && aligned16(p.residual) &&
                      aligned16(p.norm_weight) && aligned16(p.norm_bias) &&
                      aligned16(p.sum) && aligned16(p.out);
  if (chunks && p.width <= 2048) {
    const auto kernel = p.width <= 1024 ? residual_norm_rows<T, kSmall>
                                        : residual_norm_rows<T, kLarge>;
    return launch("residual_norm", kernel,
                  static_cast<unsigned>((p.count + kWarps - 1) / kWarps),
                  32 * kWarps, 0, stream, p);
  }
  if (p.width > kMostWide)
    throw Error(Code::kRange,
                "residual_norm: rows of at most " + std::to_string(kMostWide) +
                    " elements, found " + std::to_string(p.width));
  const size_t bytes = static_cast<size_t>(p.width) * sizeof(float);
  check_cuda(cudaFuncSetAttribute(residual_norm_wide<T>,
                                  cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(bytes)),
             "residual_norm");
  launch("residual_norm", residual_norm_wide<T>, static_cast<unsigned>(p.count),
         kWideThreads, bytes, stream, p);
}

}  // namespace

void residual_norm_cuda(const CudaResidualNorm& p, CudaStream stream) {
  if (p.count == 0) return;
  if (p.element == Element::kHalf)
    residual_norm<__half>(p, stream);
  else
    residual_norm<float>(p, stream);
}

}  // namespace alfa::kernels
