// What the fp16 search (half_search.cuh) and the fp32 search (float_search.cuh)
// share.
#pragma once
#include "kernels/chunk.cuh"
#include "kernels/nearest/nearest_cuda.h"

namespace alfa::kernels {

// The largest similarity so far, and its row. A trivial type, so that it can be
// in shared memory.
struct Best {
  float similarity;
  int32_t row;
  __device__ static Best none() { return {-INFINITY, INT32_MAX}; }
  // For rows in ascending order: of equal similarities, the first row stays. A
  // NaN is never taken.
  __device__ void take_next(float other, int32_t other_row) {
    if (other > similarity) {
      similarity = other;
      row = other_row;
    }
  }
  // For rows in any order: of equal similarities, the lowest row wins.
  __device__ void take(Best other) {
    if (other.similarity > similarity ||
        (other.similarity == similarity && other.row < row))
      *this = other;
  }
};

// The best of each group of `width` neighbouring lanes, in all of these lanes.
__device__ inline Best best_of_lanes(Best best, int width) {
  for (int step = width / 2; step > 0; step /= 2) {
    const Best other{__shfl_xor_sync(0xffffffffu, best.similarity, step),
                     __shfl_xor_sync(0xffffffffu, best.row, step)};
    best.take(other);
  }
  return best;
}

// One search. Block (i, j) takes tile i of the queries and part j of the bank,
// and walks through the part tile by tile.
template <typename T>
struct SearchTask {
  const T* queries;
  const T* bank;           // [count, width]
  ptrdiff_t image_stride;  // of the queries, in elements
  int queries_per_image, query_count;
  int count, width;
  int rows_per_part;  // a multiple of the rows of a tile
  Best* best;         // out [query_count, parts]

  __device__ int begin() const {
    return static_cast<int>(blockIdx.y) * rows_per_part;
  }
  __device__ int end() const { return min(begin() + rows_per_part, count); }
  // Null past the last query.
  __device__ const T* query(int q) const {
    if (q >= query_count) return nullptr;
    return queries + q / queries_per_image * image_stride +
           static_cast<ptrdiff_t>(q % queries_per_image) * width;
  }
  // Null past the last row.
  __device__ const T* row(int r) const {
    return r < count ? bank + static_cast<ptrdiff_t>(r) * width : nullptr;
  }
  __device__ void store(int q, Best found) const {
    if (q < query_count)
      best[static_cast<ptrdiff_t>(q) * gridDim.y + blockIdx.y] = found;
  }
};

// A block's walk through its part of the bank: kRows rows at a time, and kDepth
// elements of them at a time. Shared memory has two stages. While one is
// multiplied, the next one is loaded from memory, so each step needs only one
// barrier.
// - fetch(row, column) starts loads into registers
// - store(stage) writes the loaded values to shared memory
// - multiply(stage) adds to the dot products of these rows
// - finish(row) takes the finished dot products and resets them
template <typename Tile, typename T, typename Fetch, typename Store,
          typename Multiply, typename Finish>
__device__ __forceinline__ void walk_part(const SearchTask<T>& t, Fetch fetch,
                                          Store store, Multiply multiply,
                                          Finish finish) {
  const int end = t.end();
  int row = t.begin();
  int column = 0;
  int stage = 0;
  fetch(row, column);
  store(0);
  __syncthreads();
  while (row < end) {
    const bool last_step = column + Tile::kDepth >= t.width;  // of these rows
    const int next_row = last_step ? row + Tile::kRows : row;
    const int next_column = last_step ? 0 : column + Tile::kDepth;
    if (next_row < end) fetch(next_row, next_column);
    multiply(stage);
    if (last_step) finish(row);
    if (next_row < end) store(1 - stage);
    __syncthreads();
    row = next_row;
    column = next_column;
    stage = 1 - stage;
  }
}

// Loads 16 bytes of a row from element `column` on: zeros past the row's end,
// and for a null row. kAligned: the width is a multiple of a chunk, and rows
// are 16-byte aligned.
template <bool kAligned, typename T>
__device__ inline uint4 load_from_row(const T* row, int column, int width) {
  if (!row || column >= width) return make_uint4(0, 0, 0, 0);
  if constexpr (kAligned) {
    return load_chunk(row + column);
  } else {
    float v[kPerChunk<T>];
    for (int i = 0; i < kPerChunk<T>; ++i)
      v[i] = column + i < width ? to_float(row[column + i]) : 0.0f;
    return pack(v);
  }
}

}  // namespace alfa::kernels
