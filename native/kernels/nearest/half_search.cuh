// The search in fp16 on the tensor cores, with fp32 sums.
#pragma once
#include "kernels/mma.cuh"
#include "kernels/nearest/best.cuh"

namespace alfa::kernels {

// A block multiplies kQueries queries by kRows rows, kDepth elements at a time.
// Its kDown x kAcross warps each multiply 32 queries by kRows / kAcross rows.
template <int queries, int rows, int depth, int down, int across>
struct HalfTile {
  static constexpr int kQueries = queries;
  static constexpr int kRows = rows;
  static constexpr int kDepth = depth;
  static constexpr int kDown = down;
  static constexpr int kAcross = across;
  static constexpr int kThreads = 32 * down * across;
  static constexpr int kN = rows / across / 8;  // mma tiles of 8 rows to a warp
  static_assert(queries == 32 * down && depth % 32 == 0);
};

// The chunks that a thread carries from memory to shared memory in a step.
// Shared memory holds strips of 32 columns. A strip has 64 bytes of every row.
// Eight lanes that read or write 16 bytes each of two rows touch every memory
// bank once.
template <int kRows, int kDepth, int kThreads>
struct Staged {
  static constexpr int kChunks = kRows * kDepth / 8;
  static constexpr int kLoads = kChunks / kThreads;
  static_assert(kChunks % kThreads == 0 && 4 * kRows % kThreads == 0);
  uint4 chunk[kLoads];

  // Row and column in the tile of a thread's chunk i.
  __device__ static int row_of(int i) {
    return static_cast<int>(threadIdx.x) / 4 + i * kThreads / 4 % kRows;
  }
  __device__ static int column_of(int i) {
    return static_cast<int>(threadIdx.x) % 4 * 8 +
           i * kThreads / (4 * kRows) * 32;
  }
  __device__ void store(uint4* shared) const {
#pragma unroll
    for (int i = 0; i < kLoads; ++i)
      shared[static_cast<int>(threadIdx.x) + i * kThreads] = chunk[i];
  }
};

// A dot product may add its terms in any order, as long as queries and rows use
// the same one. A lane therefore reads 8 neighbouring elements with one load
// and uses them in two mma instructions. The order that mma.cuh describes would
// need four loads of 4 bytes.
template <typename Tile, bool kAligned>
__global__ void __launch_bounds__(Tile::kThreads, 512 / Tile::kThreads)
    search_halves(SearchTask<__half> t) {
  constexpr int kQueryChunks = Tile::kQueries * Tile::kDepth / 8;
  constexpr int kRowChunks = Tile::kRows * Tile::kDepth / 8;
  __shared__ __align__(16) uint4 queries[2][kQueryChunks];
  __shared__ __align__(16) uint4 rows[2][kRowChunks];
  __shared__ Best warp_best[Tile::kAcross][Tile::kQueries];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int g = lane / 4;  // as in mma.cuh
  // The warp's first query and first row in the tile.
  const int down = warp / Tile::kAcross * 32;
  const int across = warp % Tile::kAcross * 8 * Tile::kN;
  const int first = static_cast<int>(blockIdx.x) * Tile::kQueries;
  const int end = t.end();

  Staged<Tile::kQueries, Tile::kDepth, Tile::kThreads> next_queries;
  Staged<Tile::kRows, Tile::kDepth, Tile::kThreads> next_rows;
  const __half* query[next_queries.kLoads];
#pragma unroll
  for (int i = 0; i < next_queries.kLoads; ++i)
    query[i] = t.query(first + next_queries.row_of(i));
  const auto fetch = [&](int row, int column) {
#pragma unroll
    for (int i = 0; i < next_queries.kLoads; ++i)
      next_queries.chunk[i] = load_from_row<kAligned>(
          query[i], column + next_queries.column_of(i), t.width);
#pragma unroll
    for (int i = 0; i < next_rows.kLoads; ++i)
      next_rows.chunk[i] =
          load_from_row<kAligned>(t.row(row + next_rows.row_of(i)),
                                  column + next_rows.column_of(i), t.width);
  };

  // The best row so far of query 16 m + 8 part + g of the warp. It is in shared
  // memory, because registers limit the size of the tile. The first of the four
  // lanes with the same g reads and writes it.
  const auto kept = [&](int m, int part) -> Best& {
    return warp_best[warp % Tile::kAcross][down + 16 * m + 8 * part + g];
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
        for (int part = 0; part < 2; ++part)
          a[m][part] = q[(m * 16 + part * 8) * 4];
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
  const auto finish = [&](int first_row) {
    const int lane_row = first_row + across + lane % 4 * 2;
#pragma unroll
    for (int m = 0; m < 2; ++m) {
#pragma unroll
      for (int part = 0; part < 2; ++part) {
        Best found = Best::none();
#pragma unroll
        for (int i = 0; i < 2 * Tile::kN; ++i) {
          float& product = d[m][i / 2][2 * part + i % 2];
          const int row = lane_row + i / 2 * 8 + i % 2;
          if (row < end) found.take_next(product, row);
          product = 0;
        }
        found = best_of_lanes(found, 4);
        if (lane % 4 == 0) kept(m, part).take(found);
      }
    }
  };
  walk_part<Tile>(t, fetch, store, multiply, finish);
  for (int q = static_cast<int>(threadIdx.x); q < Tile::kQueries;
       q += Tile::kThreads) {
    Best found = warp_best[0][q];
    for (int w = 1; w < Tile::kAcross; ++w) found.take(warp_best[w][q]);
    t.store(first + q, found);
  }
}

}  // namespace alfa::kernels
