// residual_norm: bias, residual and LayerNorm in one pass over memory.
//
// Lower bound of its time for one image of ViT-B-16-plus-240 (2,896 rows of 896
// halves): 4 rows of 1,792 bytes move per row, 20.8 MB in all. That takes 4.8
// us at 4.3 TB/s.
#include <string>

#include "kernels/chunk.cuh"
#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

constexpr int kWarps = 4;  // of a block; each takes one row

// A row in the registers of a warp, as floats. Lane l holds the chunks l, l +
// 32, l + 64, ... of the row. N: the chunks of a lane.
template <typename T, int N>
struct WarpRow {
  static constexpr int kPer = kPerChunk<T>;
  float v[N][kPer];

  // Calls f(index of the chunk in the lane, first column of the chunk).
  template <typename F>
  __device__ static void each(int width, F f) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const int column = (i * 32 + static_cast<int>(threadIdx.x & 31)) * kPer;
      if (column < width) f(i, column);
    }
  }
};

// A warp to a row. All loads of a warp are in flight before it uses the first
// one. LayerNorm works on registers. The mean comes first, then the variance
// around it, so that a row far from zero loses no precision.
template <typename T, int N>
__global__ void __launch_bounds__(32 * kWarps)
    residual_norm_rows(CudaResidualNorm p) {
  using Row = WarpRow<T, N>;
  constexpr int kPer = Row::kPer;
  const int64_t row =
      static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= p.count) return;
  const T* x = static_cast<const T*>(p.x) + row * p.width;
  uint4 x_chunks[N], residual_chunks[N];
  Row::each(p.width,
            [&](int i, int column) { x_chunks[i] = load_chunk(x + column); });
  if (p.residual) {
    const T* residual = static_cast<const T*>(p.residual) +
                        (p.rows ? p.rows[row] : row) * p.width;
    Row::each(p.width, [&](int i, int column) {
      residual_chunks[i] = load_chunk(residual + column);
    });
  }

  Row r;
  float total = 0;
  Row::each(p.width, [&](int i, int column) {
    unpack(x_chunks[i], r.v[i]);
    if (p.bias) {
      float bias[kPer];
      load_floats(p.bias + column, bias);
#pragma unroll
      for (int j = 0; j < kPer; ++j) r.v[i][j] += bias[j];
    }
    if (p.residual) {
      float residual[kPer];
      unpack(residual_chunks[i], residual);
#pragma unroll
      for (int j = 0; j < kPer; ++j) r.v[i][j] += residual[j];
    }
#pragma unroll
    for (int j = 0; j < kPer; ++j) total += r.v[i][j];
    if (p.sum)
      store_chunk(static_cast<T*>(p.sum) + row * p.width + column,
                  pack(r.v[i]));
  });

  const float n = static_cast<float>(p.width);
  const float mean = warp_sum(total) / n;
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

constexpr int kWideThreads = 256;
// The widest row: floats in 96 KB of shared memory, which every architecture
// that we compile for has.
constexpr int kMaxWidth = 24576;

__device__ float block_sum(float v) {
  __shared__ float warp_sums[kWideThreads / 32];
  v = warp_sum(v);
  __syncthreads();  // all threads have read the sums of the previous call
  if (threadIdx.x % 32 == 0) warp_sums[threadIdx.x / 32] = v;
  __syncthreads();
  float total = 0;
  for (int i = 0; i < kWideThreads / 32; ++i) total += warp_sums[i];
  return total;
}

// For any width and alignment: a block to a row, which is kept in shared memory
// because `sum` may be the memory of `residual`.
template <typename T>
__global__ void __launch_bounds__(kWideThreads)
    residual_norm_wide(CudaResidualNorm p) {
  float* row = reinterpret_cast<float*>(dynamic_shared());
  const int64_t offset = static_cast<int64_t>(blockIdx.x) * p.width;
  const T* residual = nullptr;
  if (p.residual) {
    const int64_t residual_row =
        p.rows ? p.rows[blockIdx.x] : static_cast<int64_t>(blockIdx.x);
    residual = static_cast<const T*>(p.residual) + residual_row * p.width;
  }
  // Every thread reads only the elements of `row` that it wrote, so no barrier
  // is needed.
  float total = 0;
  for (int i = threadIdx.x; i < p.width; i += kWideThreads) {
    const float v = to_float(static_cast<const T*>(p.x)[offset + i]) +
                    (p.bias ? p.bias[i] : 0.0f) +
                    (residual ? to_float(residual[i]) : 0.0f);
    row[i] = v;
    total += v;
    if (p.sum) static_cast<T*>(p.sum)[offset + i] = from_float<T>(v);
  }
  const float n = static_cast<float>(p.width);
  const float mean = block_sum(total) / n;
  float squares = 0;
  for (int i = threadIdx.x; i < p.width; i += kWideThreads)
    squares += (row[i] - mean) * (row[i] - mean);
  const float inverse = rsqrtf(block_sum(squares) / n + p.epsilon);
  for (int i = threadIdx.x; i < p.width; i += kWideThreads)
    static_cast<T*>(p.out)[offset + i] = from_float<T>(
        (row[i] - mean) * inverse * p.norm_weight[i] + p.norm_bias[i]);
}

template <typename T>
void residual_norm(const CudaResidualNorm& p, CudaStream stream) {
  // Chunks of a lane in rows of up to 1,024 and up to 2,048 elements.
  constexpr int kNarrow = 1024 / (32 * kPerChunk<T>);
  constexpr int kWide = 2 * kNarrow;
  const bool chunks = p.width % kPerChunk<T> == 0 && aligned16(p.x) &&
                      aligned16(p.bias) && aligned16(p.residual) &&
                      aligned16(p.norm_weight) && aligned16(p.norm_bias) &&
                      aligned16(p.sum) && aligned16(p.out);
  if (chunks && p.width <= 2048) {
    const auto kernel = p.width <= 1024 ? residual_norm_rows<T, kNarrow>
                                        : residual_norm_rows<T, kWide>;
    return launch("residual_norm", kernel, blocks_for(p.count, kWarps),
                  32 * kWarps, 0, stream, p);
  }
  if (p.width > kMaxWidth)
    throw Error(Code::kRange, "residual_norm: expected rows of at most " +
                                  std::to_string(kMaxWidth) +
                                  " elements but received rows of " +
                                  std::to_string(p.width) + ".");
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
