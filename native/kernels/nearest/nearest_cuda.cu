// Blocks walk parts of the bank side by side; a second kernel takes the best of
// the parts. Floor: 2 * queries * rows * width FLOP and the bank once from
// memory. One image against 900 rows of 896 halves: 0.36 GFLOP and 1.6 MB,
// under a microsecond; but its 14 steps through shared memory follow one
// another, each a trip to the second-level cache: some 3 us. 16 images against
// 8,192 rows: 53 GFLOP, 0.1 ms at the half of 990 TFLOP/s that mma.sync
// reaches, and as long for tiles of 128 x 128 to come from that cache.
#include <algorithm>

#include "kernels/launch.cuh"
#include "kernels/nearest/float_search.cuh"
#include "kernels/nearest/half_search.cuh"

namespace alfa::kernels {
namespace {

using LargeTile = HalfTile<128, 128, 32, 4, 2>;
using SmallTile =
    HalfTile<64, 64, 64, 2, 2>;  // where large tiles would leave
                                 // multiprocessors without work: half the steps
constexpr int kMultiprocessors =
    132;  // of an H100; on others the split is as right, if less even

// A warp to a query.
constexpr int kJoined = 4;
__global__ void __launch_bounds__(32 * kJoined)
    join_parts(CudaNearest t, const Best* best, int parts) {
  const int lane = static_cast<int>(threadIdx.x) % 32,
            q = static_cast<int>(blockIdx.x) * kJoined +
                static_cast<int>(threadIdx.x) / 32;
  const bool wanted = q < t.images * t.rows;
  Best found = Best::none();
  for (int p = lane; wanted && p < parts; p += 32)
    found.take(best[static_cast<ptrdiff_t>(q) * parts + p]);
  found = best_of_lanes(found, 32);
  if (!wanted || lane != 0) return;
  t.similarity[q] = found.similarity;
  if (t.index)
    t.index[q] =
        found.row == INT32_MAX
            ? 0
            : found.row;  // all -infinity or NaN: the first, as on the CPU
  if (t.distances) {
    float d = (1 - found.similarity) / 2;
    d = d < 0 ? 0.0f : d > 1 ? 1.0f : d;
    t.distances[q] = t.distance == Distance::kCosine ? d : sqrtf(d);
  }
}

int tiles_of(int count, int each) { return (count + each - 1) / each; }

struct Split {
  bool large;
  int tiles, parts, rows_of_part;  // tiles of queries; parts of the bank
};

Split split_of(const CudaNearest& t) {
  const int queries = t.images * t.rows;
  const bool half = t.element == Element::kHalf;
  const bool large =
      half && static_cast<int64_t>(tiles_of(queries, LargeTile::kQueries)) *
                      tiles_of(t.count, LargeTile::kRows) >=
                  kMultiprocessors;
  const int of_queries = large  ? LargeTile::kQueries
                         : half ? SmallTile::kQueries
                                : FloatTile::kQueries;
  const int of_rows = large  ? LargeTile::kRows
                      : half ? SmallTile::kRows
                             : FloatTile::kRows;
  const int blocks = (large ? 2 : 4) * kMultiprocessors;  // at once
  const int tiles = tiles_of(queries, of_queries),
            bank = tiles_of(t.count, of_rows);
  const int of_part =
      tiles_of(bank, std::clamp(blocks / std::max(tiles, 1), 1, bank));
  return {large, tiles, tiles_of(bank, of_part), of_part * of_rows};
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
                           split.rows_of_part,
                           static_cast<Best*>(t.scratch)};
  const bool aligned = t.width % kPerChunk<T> == 0 &&
                       t.image_stride % kPerChunk<T> == 0 &&
                       aligned16(t.queries) && aligned16(t.bank);
  const auto with = [&](void (*kernel)(SearchTask<T>), int threads) {
    launch("nearest", kernel,
           dim3(static_cast<unsigned>(split.tiles),
                static_cast<unsigned>(split.parts)),
           dim3(static_cast<unsigned>(threads)), size_t{0}, stream, task);
  };
  if constexpr (sizeof(T) == 4)
    with(aligned ? search_floats<true> : search_floats<false>,
         FloatTile::kThreads);
  else if (split.large)
    with(aligned ? search_halves<LargeTile, true>
                 : search_halves<LargeTile, false>,
         LargeTile::kThreads);
  else
    with(aligned ? search_halves<SmallTile, true>
                 : search_halves<SmallTile, false>,
         SmallTile::kThreads);
}

void expect_rows(const CudaNearest& t) {
  if (t.count < 1 || t.width < 1)
    throw Error(Code::kRange,
                "memory bank: expected at least 1 row but found " +
                    std::to_string(t.count));
}

}  // namespace

size_t scratch_bytes(const CudaNearest& t) {
  expect_rows(t);
  return sizeof(Best) * static_cast<size_t>(split_of(t).parts) *
         static_cast<size_t>(t.images) * static_cast<size_t>(t.rows);
}

void nearest_cuda(const CudaNearest& t, CudaStream stream) {
  expect_rows(t);
  const int queries = t.images * t.rows;
  if (queries == 0) return;
  const Split split = split_of(t);
  if (t.element == Element::kHalf)
    search<__half>(t, split, stream);
  else
    search<float>(t, split, stream);
  launch("nearest", join_parts,
         dim3(static_cast<unsigned>(tiles_of(queries, kJoined))),
         dim3(32 * kJoined), size_t{0}, stream, t,
         static_cast<const Best*>(t.scratch), split.parts);
}

}  // namespace alfa::kernels
