// The search in halves, on the tensor cores with fp32 sums.
#pragma once
#include "kernels/mma.cuh"
#include "kernels/nearest/best.cuh"

namespace alfa::kernels {

// A block multiplies kQueries queries by kRows rows, kDepth values at a time;
// its warps have 32 x kRows / kAcross of that.
template <int queries, int rows, int depth, int down, int across>
struct HalfTile {
  static constexpr int kQueries = queries, kRows = rows, kDepth = depth,
                       kDown = down, kAcross = across;
  static constexpr int kThreads = 32 * down * across;
  static constexpr int kN = rows / across / 8;  // tiles of 8 rows to a warp
  static_assert(queries == 32 * down && depth % 32 == 0);
};

// Shared memory: strips of 32 values, in each 64 bytes of every row. Eight
// lanes that read 16 bytes each of two rows, or write them, meet every bank
// once.
template <int kRows, int kDepth, int kThreads>
struct Staged {
  static constexpr int kChunks = kRows * kDepth / 8, kEach = kChunks / kThreads;
  static_assert(kChunks % kThreads == 0 && 4 * kRows % kThreads == 0);
  uint4 chunk[kEach];

  __device__ static int row_of(int i) {
    return static_cast<int>(threadIdx.x) / 4 + i * kThreads / 4 % kRows;
  }
  __device__ static int value_of(int i) {
    return static_cast<int>(threadIdx.x) % 4 * 8 +
           i * kThreads / (4 * kRows) * 32;
  }
  __device__ void store(uint4* shared) const {
#pragma unroll
    for (int i = 0; i < kEach; ++i)
      shared[static_cast<int>(threadIdx.x) + i * kThreads] = chunk[i];
  }
};

// Which of 32 values meet in which product is free as long as both sides agree,
// so a lane reads 8 that lie together, for two products, where the fragments'
// own order would take four reads of 4 bytes.
template <typename Tile, bool kAligned>
__global__ void __launch_bounds__(Tile::kThreads, 512 / Tile::kThreads)
    search_halves(SearchTask<__half> t) {
  constexpr int kOfQueries = Tile::kQueries * Tile::kDepth / 8,
                kOfRows = Tile::kRows * Tile::kDepth / 8;  // chunks
  __shared__ __align__(16) uint4 queries[2][kOfQueries], rows[2][kOfRows];
  __shared__ Best of_warp[Tile::kAcross][Tile::kQueries];
  const int lane = static_cast<int>(threadIdx.x) % 32,
            warp = static_cast<int>(threadIdx.x) / 32;
  const int g = lane / 4, down = warp / Tile::kAcross * 32,
            across = warp % Tile::kAcross * 8 * Tile::kN;
  const int first = static_cast<int>(blockIdx.x) * Tile::kQueries,
            end = t.end();

  Staged<Tile::kQueries, Tile::kDepth, Tile::kThreads> next_queries;
  Staged<Tile::kRows, Tile::kDepth, Tile::kThreads> next_rows;
  const __half* query[next_queries.kEach];
#pragma unroll
  for (int i = 0; i < next_queries.kEach; ++i)
    query[i] = t.query(first + next_queries.row_of(i));
  const auto fetch = [&](int at, int column) {
#pragma unroll
    for (int i = 0; i < next_queries.kEach; ++i)
      next_queries.chunk[i] = load_of_row<kAligned>(
          query[i], column + next_queries.value_of(i), t.width);
#pragma unroll
    for (int i = 0; i < next_rows.kEach; ++i)
      next_rows.chunk[i] =
          load_of_row<kAligned>(t.row(at + next_rows.row_of(i)),
                                column + next_rows.value_of(i), t.width);
  };

  // The best of a query in this warp's rows is kept in shared memory, by the
  // lane that is the first of those that have it: registers are what limits the
  // tile.
  const auto kept = [&](int m, int row_half) -> Best& {
    return of_warp[warp % Tile::kAcross][down + 16 * m + 8 * row_half + g];
  };
  if (lane % 4 == 0)
    for (int i = 0; i < 4; ++i) kept(i / 2, i % 2) = Best::none();
  float d[2][Tile::kN][4] = {};
  const auto store = [&](int stage) {
    next_queries.store(queries[stage]);
    next_rows.store(rows[stage]);
  };
  const auto multiply = [&](int stage) {
#pragma unroll
    for (int strip = 0; strip < Tile::kDepth / 32; ++strip) {
      const uint4* q =
          queries[stage] + (strip * Tile::kQueries + down) * 4 + lane;
      const uint4* r = rows[stage] + (strip * Tile::kRows + across) * 4 + lane;
      uint4 a[2][2];
      for (int m = 0; m < 2; ++m)
        for (int row_half = 0; row_half < 2; ++row_half)
          a[m][row_half] = q[(m * 16 + row_half * 8) * 4];
#pragma unroll
      for (int n = 0; n < Tile::kN; ++n) {
        const uint4 b = r[n * 8 * 4];
#pragma unroll
        for (int m = 0; m < 2; ++m) {
          mma_16x8x16(d[m][n], {a[m][0].x, a[m][1].x, a[m][0].y, a[m][1].y},
                      {b.x, b.y});
          mma_16x8x16(d[m][n], {a[m][0].z, a[m][1].z, a[m][0].w, a[m][1].w},
                      {b.z, b.w});
        }
      }
    }
  };
  const auto finish = [&](int at) {
    const int row = at + across + lane % 4 * 2;
#pragma unroll
    for (int m = 0; m < 2; ++m) {
#pragma unroll
      for (int row_half = 0; row_half < 2; ++row_half) {
        Best found = Best::none();
#pragma unroll
        for (int i = 0; i < 2 * Tile::kN; ++i) {
          float& product = d[m][i / 2][2 * row_half + i % 2];
          const int of = row + i / 2 * 8 + i % 2;
          if (of < end) found.take_next(product, of);
          product = 0;
        }
        found = best_of_lanes(found, 4);
        if (lane % 4 == 0) kept(m, row_half).take(found);
      }
    }
  };
  walk_part<Tile>(t, fetch, store, multiply, finish);
  for (int q = static_cast<int>(threadIdx.x); q < Tile::kQueries;
       q += Tile::kThreads) {
    Best found = of_warp[0][q];
    for (int w = 1; w < Tile::kAcross; ++w) found.take(of_warp[w][q]);
    t.store(first + q, found);
  }
}

}  // namespace alfa::kernels
