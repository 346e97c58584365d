// Greedy coreset (Roth et al. 2022, PatchCore, algorithm 1): a subset of rows
// such that every other row is near one of them.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

// rows [count, width] -> the indices of `keep` rows, ascending; all rows where
// keep >= count.
//
// The seed selects the first row. Each next row is the one with the largest
// Euclidean distance to its nearest kept row (the first one, if equal). Rows
// wider than 128 are compared in a random projection to 64 dimensions, which
// preserves distances to about 10%. The seed also determines the projection.
// The same rows and seed give the same coreset on every CPU with the same
// vector instructions.
//
// Throws Error(kRange) where count or keep is below 1. `parallel_for` runs one
// round of tasks for each kept row.
std::vector<int> greedy_coreset(const float* rows, int count, int width,
                                int keep, uint64_t seed,
                                const ParallelFor& parallel_for);

}  // namespace alfa::kernels
