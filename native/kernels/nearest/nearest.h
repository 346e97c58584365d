// Exact nearest neighbours of unit rows: the greatest similarity of each query
// to a bank (method sec. 8). One blocked matrix product with the maximum taken
// in registers' reach: the [queries, rows] matrix never exists. Cost: 2 *
// queries * rows * width FLOP; the bank is read once per block of queries.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

// Rows laid out for the product: panels of kPanel rows, within a panel value by
// value, [panels][width][kPanel]. What is past the last row is 0 and never
// wins.
struct PackedRows {
  static constexpr int kPanel = 32;
  int count = 0, width = 0;
  std::vector<float> data;
};

PackedRows pack_rows(const float* rows, int count, int width);
void unpack_row(const PackedRows& packed, int row, float* out);  // [width]

// queries [count, bank.width] -> similarity [count], the greatest dot product;
// index [count] or null, the row that has it, of equal ones the first.
// bank.count >= 1.
void find_nearest(const float* queries, int count, const PackedRows& bank,
                  const ParallelFor& parallel_for, float* similarity,
                  int32_t* index);

// Several searches as one piece of parallel work: no thread waits for the last
// task of each.
struct Search {
  const float* queries;
  int count;
  const PackedRows* bank;
  float* similarity;
  int32_t* index;
};
void find_nearest(std::span<const Search> searches,
                  const ParallelFor& parallel_for);

// Every row's dot product with one query -> out [bank.count].
void similarities(const float* query, const PackedRows& bank, float* out);

}  // namespace alfa::kernels
