// The search in fp32 on the CUDA cores. Each dot product adds its terms in the
// order of the row, as on the CPU.
#pragma once
#include "kernels/nearest/best.cuh"

namespace alfa::kernels {

struct FloatTile {
  // A block multiplies kQueries queries by kRows rows, kDepth elements at a
  // time.
  static constexpr int kQueries = 64;
  static constexpr int kRows = 64;
  static constexpr int kDepth = 16;
  // 8 x 16 threads. Each computes kDown x kAcross dot products.
  static constexpr int kThreads = 128;
  static constexpr int kDown = 8;
  static constexpr int kAcross = 4;
  // Shared memory is transposed, [depth][64], so that a thread reads several
  // rows in one 16-byte load. Padding of 4 floats avoids bank conflicts.
  static constexpr int kPitch = 64 + 4;
};

template <bool kAligned>
__global__ void __launch_bounds__(FloatTile::kThreads)
    search_floats(SearchTask<float> t) {
  using Tile = FloatTile;
  // Chunks of queries, and as many of rows, that a thread loads in a step.
  constexpr int kLoads = Tile::kQueries * Tile::kDepth / 4 / Tile::kThreads;
  __shared__ __align__(16) float queries[2][Tile::kDepth * Tile::kPitch];
  __shared__ __align__(16) float rows[2][Tile::kDepth * Tile::kPitch];
  const int thread = static_cast<int>(threadIdx.x);
  const int x = thread % 16;
  const int y = thread / 16;
  const int first = static_cast<int>(blockIdx.x) * Tile::kQueries;
  const int end = t.end();
  // Where a thread's load i belongs: row and column in the tile.
  const auto row_of = [=](int i) { return (thread + i * Tile::kThreads) / 4; };
  const int load_column = thread % 4 * 4;

  uint4 next_query[kLoads], next_row[kLoads];
  const float* query[kLoads];
#pragma unroll
  for (int i = 0; i < kLoads; ++i) query[i] = t.query(first + row_of(i));
  const auto fetch = [&](int row, int column) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      next_query[i] =
          load_from_row<kAligned>(query[i], column + load_column, t.width);
      next_row[i] = load_from_row<kAligned>(t.row(row + row_of(i)),
                                            column + load_column, t.width);
    }
  };
  const auto store = [&](int stage) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      float q[4], r[4];
      unpack(next_query[i], q);
      unpack(next_row[i], r);
      for (int j = 0; j < 4; ++j) {
        queries[stage][(load_column + j) * Tile::kPitch + row_of(i)] = q[j];
        rows[stage][(load_column + j) * Tile::kPitch + row_of(i)] = r[j];
      }
    }
  };

  Best best[Tile::kDown];
  for (Best& b : best) b = Best::none();
  float d[Tile::kDown][Tile::kAcross] = {};
  const auto multiply = [&](int stage) {
#pragma unroll
    for (int k = 0; k < Tile::kDepth; ++k) {
      float q[Tile::kDown], r[Tile::kAcross];
      load_floats(queries[stage] + k * Tile::kPitch + Tile::kDown * y, q);
      load_floats(rows[stage] + k * Tile::kPitch + Tile::kAcross * x, r);
      for (int i = 0; i < Tile::kDown; ++i)
        for (int j = 0; j < Tile::kAcross; ++j)
          d[i][j] = fmaf(q[i], r[j], d[i][j]);
    }
  };
  const auto finish = [&](int first_row) {
#pragma unroll
    for (int j = 0; j < Tile::kAcross; ++j) {
      const int row = first_row + Tile::kAcross * x + j;
#pragma unroll
      for (int i = 0; i < Tile::kDown; ++i) {
        if (row < end) best[i].take_next(d[i][j], row);
        d[i][j] = 0;
      }
    }
  };
  walk_part<Tile>(t, fetch, store, multiply, finish);
#pragma unroll
  for (int i = 0; i < Tile::kDown; ++i) {
    const Best found = best_of_lanes(best[i], 16);
    if (x == 0) t.store(first + Tile::kDown * y + i, found);
  }
}

}  // namespace alfa::kernels
