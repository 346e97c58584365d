// The search in fp32, on the CUDA cores: sums in the order of the row's values,
// as on the CPU.
#pragma once
#include "kernels/nearest/best.cuh"

namespace alfa::kernels {

struct FloatTile {
  static constexpr int kQueries = 64, kRows = 64, kDepth = 16, kThreads = 128;
  static constexpr int kDown = 8, kAcross = 4;  // of a thread; 8 x 16 threads
  static constexpr int kPitch =
      64 + 4;  // values lie across rows, [depth][64], for reads of 16 bytes
};

template <bool kAligned>
__global__ void __launch_bounds__(FloatTile::kThreads)
    search_floats(SearchTask<float> t) {
  using Tile = FloatTile;
  constexpr int kEach =
      Tile::kQueries * Tile::kDepth / 4 /
      Tile::kThreads;  // chunks of queries, and of rows, to a thread
  __shared__ __align__(16) float queries[2][Tile::kDepth * Tile::kPitch],
      rows[2][Tile::kDepth * Tile::kPitch];
  const int thread = static_cast<int>(threadIdx.x), x = thread % 16,
            y = thread / 16;
  const int first = static_cast<int>(blockIdx.x) * Tile::kQueries,
            end = t.end();
  const auto row_of = [=](int i) { return (thread + i * Tile::kThreads) / 4; };
  const int value = thread % 4 * 4;

  uint4 next_query[kEach], next_row[kEach];
  const float* query[kEach];
#pragma unroll
  for (int i = 0; i < kEach; ++i) query[i] = t.query(first + row_of(i));
  const auto fetch = [&](int at, int column) {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      next_query[i] = load_of_row<kAligned>(query[i], column + value, t.width);
      next_row[i] =
          load_of_row<kAligned>(t.row(at + row_of(i)), column + value, t.width);
    }
  };
  const auto store = [&](int stage) {
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      float q[4], r[4];
      unpack(next_query[i], q);
      unpack(next_row[i], r);
      for (int j = 0; j < 4; ++j) {
        queries[stage][(value + j) * Tile::kPitch + row_of(i)] = q[j];
        rows[stage][(value + j) * Tile::kPitch + row_of(i)] = r[j];
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
  const auto finish = [&](int at) {
#pragma unroll
    for (int j = 0; j < Tile::kAcross; ++j) {
      const int row = at + Tile::kAcross * x + j;
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
