// A block holds 64 queries and walks its part of the bank 64 rows at a time; products stay in registers, where the greatest of
// each query is taken. Parts of the bank run side by side and a second kernel takes the best of them. Floor: 2 * queries * rows *
// width FLOP; 225 x 900 x 896 of one image are 0.36 GFLOP, a microsecond of tensor cores: the launch and the bank's 1.6 MB
// from L2 are what it costs.
#include "kernels/nearest/nearest_cuda.h"

#include <algorithm>

#include "kernels/chunk.cuh"
#include "kernels/launch.cuh"
#include "kernels/mma.cuh"

namespace alfa::kernels {
namespace {

constexpr int kTile = 64;          // queries, and rows of the bank at a time
constexpr int kBlocksWanted = 264; // two to a multiprocessor of an H100

struct Best {
  float similarity;
  int32_t row;
  // The greater; of equal ones the lower row. Nothing beats by being NaN.
  __device__ void take(float other, int32_t other_row) {
    if (other > similarity || (other == similarity && other_row < row)) similarity = other, row = other_row;
  }
};

// Over lanes that differ in the bits of `mask` below `width`.
__device__ inline Best best_of_lanes(Best best, int width) {
  for (int step = width / 2; step > 0; step /= 2) {
    const float other = __shfl_xor_sync(0xffffffffu, best.similarity, step);
    const int32_t row = __shfl_xor_sync(0xffffffffu, best.row, step);
    best.take(other, row);
  }
  return best;
}

template <typename T>
struct Tiles {
  CudaNearest task;
  int rows_per_part;
  float* similarity;  // [parts, queries]
  int32_t* row;

  __device__ const T* query(int q) const {  // null past the last
    if (q >= task.images * task.rows) return nullptr;
    return static_cast<const T*>(task.queries) + q / task.rows * task.image_stride + static_cast<int64_t>(q % task.rows) * task.width;
  }
  __device__ const T* bank_row(int r, int end) const { return r < end ? static_cast<const T*>(task.bank) + static_cast<int64_t>(r) * task.width : nullptr; }
  __device__ void store(int q, Best best) const {
    if (q >= task.images * task.rows) return;
    const int64_t at = static_cast<int64_t>(blockIdx.y) * task.images * task.rows + q;
    similarity[at] = best.similarity;
    row[at] = best.row;
  }
};

// `kColumns` values of 64 rows from `column` on into shared rows of `kStride`; zeros past a row's end and for rows that are not.
// kTogether values are moved at once where the width and the addresses allow it.
template <typename T, int kColumns, int kStride, int kThreads, typename RowOf>
__device__ void stage(T* shared, RowOf row_of, int column, int width, bool together) {
  constexpr int kTogether = kPerChunk<T>;
  if (together) {
    for (int i = threadIdx.x; i < kTile * kColumns / kTogether; i += kThreads) {
      const int r = i / (kColumns / kTogether), c = i % (kColumns / kTogether) * kTogether;
      const T* row = row_of(r);
      store_chunk(shared + r * kStride + c, row && column + c < width ? load_chunk(row + column + c) : make_uint4(0, 0, 0, 0));
    }
    return;
  }
  for (int i = threadIdx.x; i < kTile * kColumns; i += kThreads) {
    const int r = i / kColumns, c = i % kColumns;
    const T* row = row_of(r);
    shared[r * kStride + c] = row && column + c < width ? row[column + c] : T(0.0f);
  }
}

// On the tensor cores: a warp has 16 queries, 8 tiles of 8 rows. Rows of shared memory are 8 halves longer than their 64, so
// that the eight rows of a fragment lie in different banks.
__global__ void __launch_bounds__(128) nearest_half(Tiles<__half> t, bool together) {
  constexpr int kColumns = 64, kStride = kColumns + 8;
  __shared__ __align__(16) __half queries[kTile * kStride], bank[kTile * kStride];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, pair = lane % 4 * 2, first = static_cast<int>(blockIdx.x) * kTile;
  const int begin = static_cast<int>(blockIdx.y) * t.rows_per_part, end = min(begin + t.rows_per_part, t.task.count);
  Best best[2] = {{-INFINITY, begin}, {-INFINITY, begin}};  // of rows g and g + 8
  for (int at = begin; at < end; at += kTile) {
    float d[8][4] = {};
    for (int column = 0; column < t.task.width; column += kColumns) {
      __syncthreads();  // what was there has been read
      stage<__half, kColumns, kStride, 128>(queries, [&](int r) { return t.query(first + r); }, column, t.task.width, together);
      stage<__half, kColumns, kStride, 128>(bank, [&](int r) { return t.bank_row(at + r, end); }, column, t.task.width, together);
      __syncthreads();
      const auto pair_at = [](const __half* p) { return *reinterpret_cast<const uint32_t*>(p); };
#pragma unroll
      for (int k = 0; k < kColumns; k += 16) {
        const __half* q = queries + (warp * 16 + g) * kStride + k + pair;
        const uint32_t a[4] = {pair_at(q), pair_at(q + 8 * kStride), pair_at(q + 8), pair_at(q + 8 * kStride + 8)};
#pragma unroll
        for (int n = 0; n < 8; ++n) {
          const __half* r = bank + (n * 8 + g) * kStride + k + pair;
          const uint32_t b[2] = {pair_at(r), pair_at(r + 8)};
          mma_16x8x16(d[n], a, b);
        }
      }
    }
#pragma unroll
    for (int n = 0; n < 8; ++n) {
      const int row = at + n * 8 + pair;
      for (int i = 0; i < 4; ++i)
        if (row + i % 2 < end) best[i / 2].take(d[n][i], row + i % 2);
    }
  }
  for (int half = 0; half < 2; ++half) {
    const Best found = best_of_lanes(best[half], 4);
    if (lane % 4 == 0) t.store(first + warp * 16 + g + 8 * half, found);
  }
}

// In fp32: 16 x 16 threads, each 4 queries and 4 rows, 16 apart, so that shared memory is read without conflicts.
__global__ void __launch_bounds__(256) nearest_float(Tiles<float> t, bool together) {
  constexpr int kColumns = 16, kStride = kColumns + 4;
  __shared__ __align__(16) float queries[kTile * kStride], bank[kTile * kStride];
  const int tx = threadIdx.x % 16, ty = threadIdx.x / 16, first = static_cast<int>(blockIdx.x) * kTile;
  const int begin = static_cast<int>(blockIdx.y) * t.rows_per_part, end = min(begin + t.rows_per_part, t.task.count);
  Best best[4] = {{-INFINITY, begin}, {-INFINITY, begin}, {-INFINITY, begin}, {-INFINITY, begin}};
  for (int at = begin; at < end; at += kTile) {
    float d[4][4] = {};
    for (int column = 0; column < t.task.width; column += kColumns) {
      __syncthreads();
      stage<float, kColumns, kStride, 256>(queries, [&](int r) { return t.query(first + r); }, column, t.task.width, together);
      stage<float, kColumns, kStride, 256>(bank, [&](int r) { return t.bank_row(at + r, end); }, column, t.task.width, together);
      __syncthreads();
#pragma unroll
      for (int k = 0; k < kColumns; ++k) {
        float q[4], b[4];
        for (int i = 0; i < 4; ++i) q[i] = queries[(ty + 16 * i) * kStride + k], b[i] = bank[(tx + 16 * i) * kStride + k];
        for (int i = 0; i < 4; ++i)
          for (int j = 0; j < 4; ++j) d[i][j] = fmaf(q[i], b[j], d[i][j]);
      }
    }
    for (int j = 0; j < 4; ++j) {
      const int row = at + tx + 16 * j;
      for (int i = 0; row < end && i < 4; ++i) best[i].take(d[i][j], row);
    }
  }
  for (int i = 0; i < 4; ++i) {
    const Best found = best_of_lanes(best[i], 16);
    if (tx == 0) t.store(first + ty + 16 * i, found);
  }
}

// The best of the parts, in their order.
__global__ void join_parts(CudaNearest task, int parts, const float* similarity, const int32_t* row) {
  const int queries = task.images * task.rows, q = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (q >= queries) return;
  Best best{-INFINITY, 0};
  for (int p = 0; p < parts; ++p) {
    const int64_t at = static_cast<int64_t>(p) * queries + q;
    if (p == 0) best = {similarity[at], row[at]};
    else best.take(similarity[at], row[at]);
  }
  task.similarity[q] = best.similarity;
  if (task.index) task.index[q] = best.row;
  if (!task.distances) return;
  const float d = fminf(fmaxf((1 - best.similarity) / 2, 0.0f), 1.0f);
  task.distances[q] = task.distance == Distance::kCosine ? d : sqrtf(d);
}

struct Split {
  int tiles, parts, rows_per_part;
};
Split split_of(const CudaNearest& t) {
  const int tiles = (t.images * t.rows + kTile - 1) / kTile, bank = (t.count + kTile - 1) / kTile;
  const int wanted = std::clamp(kBlocksWanted / std::max(tiles, 1), 1, bank), per_part = (bank + wanted - 1) / wanted;
  return {tiles, (bank + per_part - 1) / per_part, per_part * kTile};
}

}  // namespace

size_t scratch_bytes(const CudaNearest& t) {
  return static_cast<size_t>(split_of(t).parts) * static_cast<size_t>(t.images) * static_cast<size_t>(t.rows) * (sizeof(float) + sizeof(int32_t));
}

void nearest_cuda(const CudaNearest& t, CudaStream stream) {
  const int queries = t.images * t.rows;
  if (queries == 0) return;
  const Split split = split_of(t);
  float* similarity = static_cast<float*>(t.scratch);
  auto* row = reinterpret_cast<int32_t*>(similarity + static_cast<ptrdiff_t>(split.parts) * queries);
  const dim3 grid(static_cast<unsigned>(split.tiles), static_cast<unsigned>(split.parts));
  const bool half = t.element == Element::kHalf;
  const int per_chunk = half ? kPerChunk<__half> : kPerChunk<float>;
  const bool together = t.width % per_chunk == 0 && t.image_stride % per_chunk == 0 && aligned16(t.queries) && aligned16(t.bank);
  if (half) launch("nearest", nearest_half, grid, dim3(128), size_t{0}, stream, Tiles<__half>{t, split.rows_per_part, similarity, row}, together);
  else launch("nearest", nearest_float, grid, dim3(256), size_t{0}, stream, Tiles<float>{t, split.rows_per_part, similarity, row}, together);
  launch("nearest", join_parts, dim3(static_cast<unsigned>((queries + 127) / 128)), dim3(128), size_t{0}, stream, t, split.parts, similarity, row);
}

}  // namespace alfa::kernels
