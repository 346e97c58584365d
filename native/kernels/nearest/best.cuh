// What the searches on tensor cores and in fp32 share: the greatest similarity
// so far and where queries and rows lie.
#pragma once
#include "kernels/chunk.cuh"
#include "kernels/nearest/nearest_cuda.h"

namespace alfa::kernels {

struct Best {  // trivial, as what lies in shared memory has to be
  float similarity;
  int32_t row;
  __device__ static Best none() { return {-INFINITY, INT32_MAX}; }
  // Rows that come in ascending order: of equal ones the first stays. NaN is no
  // candidate.
  __device__ void take_next(float other, int32_t other_row) {
    if (other > similarity) similarity = other, row = other_row;
  }
  // Rows in any order: what wins does not depend on it.
  __device__ void take(Best other) {
    if (other.similarity > similarity ||
        (other.similarity == similarity && other.row < row))
      *this = other;
  }
};

// Over each group of `width` neighbouring lanes, in all of them.
__device__ inline Best best_of_lanes(Best best, int width) {
  for (int step = width / 2; step > 0; step /= 2) {
    const Best other{__shfl_xor_sync(0xffffffffu, best.similarity, step),
                     __shfl_xor_sync(0xffffffffu, best.row, step)};
    best.take(other);
  }
  return best;
}

// Block (i, j): a tile of queries and a part of the bank, which it walks tile
// by tile.
template <typename T>
struct SearchTask {
  const T *queries, *bank;
  ptrdiff_t image_stride;
  int count_of_image, queries_in_all, count, width;
  int rows_of_part;  // a multiple of the tile's
  Best* best;        // [queries, parts]

  __device__ int begin() const {
    return static_cast<int>(blockIdx.y) * rows_of_part;
  }
  __device__ int end() const { return min(begin() + rows_of_part, count); }
  __device__ const T* query(int q) const {  // null past the last
    if (q >= queries_in_all) return nullptr;
    return queries + q / count_of_image * image_stride +
           static_cast<ptrdiff_t>(q % count_of_image) * width;
  }
  __device__ const T* row(int r) const {
    return r < count ? bank + static_cast<ptrdiff_t>(r) * width : nullptr;
  }
  __device__ void store(int q, Best found) const {
    if (q < queries_in_all)
      best[static_cast<ptrdiff_t>(q) * gridDim.y + blockIdx.y] = found;
  }
};

// A block's way through its part of the bank, kRows rows and in them kDepth
// values at a time, over two stages of shared memory: what is multiplied next
// is on its way from memory meanwhile, and one barrier a step is enough.
// fetch(row, column) asks for values, store(stage) lays down what has come,
// multiply(stage) adds to the products of these rows, finish(row) takes them.
template <typename Tile, typename T, typename Fetch, typename Store,
          typename Multiply, typename Finish>
__device__ __forceinline__ void walk_part(const SearchTask<T>& t, Fetch fetch,
                                          Store store, Multiply multiply,
                                          Finish finish) {
  const int end = t.end();
  int at = t.begin(), column = 0, stage = 0;
  fetch(at, column);
  store(0);
  __syncthreads();
  while (at < end) {
    const bool ends = column + Tile::kDepth >=
                      t.width;  // this is the last step of these rows
    const int next_at = ends ? at + Tile::kRows : at,
              next_column = ends ? 0 : column + Tile::kDepth;
    if (next_at < end) fetch(next_at, next_column);
    multiply(stage);
    if (ends) finish(at);
    if (next_at < end) store(1 - stage);
    __syncthreads();
    at = next_at, column = next_column, stage = 1 - stage;
  }
}

// 16 bytes of a row from value `at` on, zeros past its end and for a row that
// is not. kAligned: widths and addresses are such that the 16 bytes lie inside
// a row or outside, and on a multiple of 16.
template <bool kAligned, typename T>
__device__ inline uint4 load_of_row(const T* row, int at, int width) {
  if (!row || at >= width) return make_uint4(0, 0, 0, 0);
  if constexpr (kAligned) {
    return load_chunk(row + at);
  } else {
    float v[kPerChunk<T>];
    for (int i = 0; i < kPerChunk<T>; ++i)
      v[i] = at + i < width ? to_float(row[at + i]) : 0.0f;
    return pack(v);
  }
}

}  // namespace alfa::kernels
