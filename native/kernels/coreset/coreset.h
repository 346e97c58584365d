// Greedy coreset (Roth et al., PatchCore, alg. 1): the rows that leave no other
// far from all of them.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

// rows [count, width] -> `keep` indices, ascending; all of them where keep >=
// count. The first is drawn by the seed, then always the row with the largest
// Euclidean distance to its nearest kept one, of equal ones the first. Rows
// wider than 128 are measured in a seeded random projection to 64 (+-1/8
// entries), which keeps distances to some 10%. The same rows and seed give the
// same coreset on every machine with the same rounding of sums.
std::vector<int> greedy_coreset(const float* rows, int count, int width,
                                int keep, uint64_t seed,
                                const ParallelFor& parallel_for);

}  // namespace alfa::kernels
