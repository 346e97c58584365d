// Blocks walk through parts of the bank side by side. A second kernel takes the
// best of the parts.
//
// Cost: 2 * queries * rows * width FLOP, and one read of the bank. On an H100:
// - One image against 900 rows of 896 halves: 0.36 GFLOP and 1.6 MB, less than
// a
//   microsecond. But its 14 steps depend on each other, and each waits for the
//   L2 cache: about 3 us.
// - 16 images against 8,192 rows: 53 GFLOP, 0.1 ms at the rate that mma.sync
//   reaches (half of 990 TFLOP/s). Tiles of 128 x 128 need as long to come from
//   the L2 cache.
#include <algorithm>

#include "kernels/launch.cuh"
#include "kernels/nearest/float_search.cuh"
#include "kernels/nearest/half_search.cuh"

namespace alfa::kernels {
namespace {

using LargeTile = HalfTile<128, 128, 32, 4, 2>;
// For searches with too few large tiles to occupy the GPU. It needs half as
// many steps.
using SmallTile = HalfTile<64, 64, 64, 2, 2>;

// Multiprocessors of an H100. On other GPUs the results are the same, but the
// load may be less even.
constexpr int kMultiprocessors = 132;

constexpr int kJoinWarps = 4;

// The best of all parts. A warp to a query.
__global__ void __launch_bounds__(32 * kJoinWarps)
    join_parts(CudaNearest t, const Best* best, int parts) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int q = static_cast<int>(blockIdx.x) * kJoinWarps +
                static_cast<int>(threadIdx.x) / 32;
  const bool wanted = q < t.images * t.rows;
  Best found = Best::none();
  for (int p = lane; wanted && p < parts; p += 32)
    found.take(best[static_cast<ptrdiff_t>(q) * parts + p]);
  found = best_of_lanes(found, 32);
  if (!wanted || lane != 0) return;
  t.similarity[q] = found.similarity;
  // Where every similarity is -infinity or NaN: row 0, as on the CPU.
  if (t.index) t.index[q] = found.row == INT32_MAX ? 0 : found.row;
  if (t.distances) {
    float d = (1 - found.similarity) / 2;
    if (d < 0) d = 0;
    if (d > 1) d = 1;
    t.distances[q] = t.distance == Distance::kCosine ? d : sqrtf(d);
  }
}

int tiles_for(int count, int tile) { return (count + tile - 1) / tile; }

struct Split {
  bool large;         // LargeTile instead of SmallTile
  int query_tiles;    // blocks along the queries
  int parts;          // blocks along the bank
  int rows_per_part;  // a multiple of the tile's rows
};

Split split_of(const CudaNearest& t) {
  const int queries = t.images * t.rows;
  const bool half = t.element == Element::kHalf;
  const int64_t large_tiles =
      static_cast<int64_t>(tiles_for(queries, LargeTile::kQueries)) *
      tiles_for(t.count, LargeTile::kRows);
  const bool large = half && large_tiles >= kMultiprocessors;
  int tile_queries = FloatTile::kQueries;
  int tile_rows = FloatTile::kRows;
  if (half) {
    tile_queries = large ? LargeTile::kQueries : SmallTile::kQueries;
    tile_rows = large ? LargeTile::kRows : SmallTile::kRows;
  }
  // As many parts as fill the GPU: 2 or 4 blocks to a multiprocessor.
  const int blocks = (large ? 2 : 4) * kMultiprocessors;
  const int query_tiles = tiles_for(queries, tile_queries);
  const int bank_tiles = tiles_for(t.count, tile_rows);
  const int wanted_parts =
      std::clamp(blocks / std::max(query_tiles, 1), 1, bank_tiles);
  const int tiles_per_part = tiles_for(bank_tiles, wanted_parts);
  return {large, query_tiles, tiles_for(bank_tiles, tiles_per_part),
          tiles_per_part * tile_rows};
}

template <typename T>
void search(const CudaNearest& t, const Split& split, CudaStream stream) {
  const SearchTask<T> task{static_cast<const T*>(t.queries),
                           static_cast<const T*>(t.bank),
                           t.image_stride,
                           t.rows,
                           t.images * t.rows,
                           t.count,
                           t.width,
                           split.rows_per_part,
                           static_cast<Best*>(t.scratch)};
  const bool aligned = t.width % kPerChunk<T> == 0 &&
                       t.image_stride % kPerChunk<T> == 0 &&
                       aligned16(t.queries) && aligned16(t.bank);
  const auto run = [&](void (*kernel)(SearchTask<T>), int threads) {
    launch("nearest", kernel,
           dim3(static_cast<unsigned>(split.query_tiles),
                static_cast<unsigned>(split.parts)),
           dim3(static_cast<unsigned>(threads)), size_t{0}, stream, task);
  };
  if constexpr (sizeof(T) == 4)
    run(aligned ? search_floats<true> : search_floats<false>,
        FloatTile::kThreads);
  else if (split.large)
    run(aligned ? search_halves<LargeTile, true>
                : search_halves<LargeTile, false>,
        LargeTile::kThreads);
  else
    run(aligned ? search_halves<SmallTile, true>
                : search_halves<SmallTile, false>,
        SmallTile::kThreads);
}

void require_rows(const CudaNearest& t) {
  if (t.count < 1 || t.width < 1)
    throw Error(Code::kRange,
                "memory bank: expected at least 1 row but received " +
                    std::to_string(t.count) + ".");
}

}  // namespace

size_t scratch_bytes(const CudaNearest& t) {
  require_rows(t);
  return sizeof(Best) * static_cast<size_t>(split_of(t).parts) *
         static_cast<size_t>(t.images) * static_cast<size_t>(t.rows);
}

void nearest_cuda(const CudaNearest& t, CudaStream stream) {
  require_rows(t);
  const int queries = t.images * t.rows;
  if (queries == 0) return;
  const Split split = split_of(t);
  if (t.element == Element::kHalf)
    search<__half>(t, split, stream);
  else
    search<float>(t, split, stream);
  launch("nearest", join_parts, dim3(blocks_for(queries, kJoinWarps)),
         dim3(32 * kJoinWarps), size_t{0}, stream, t,
         static_cast<const Best*>(t.scratch), split.parts);
}

}  // namespace alfa::kernels
