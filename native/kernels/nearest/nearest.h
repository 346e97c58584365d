// Exact nearest neighbours of unit rows (docs/method.md, "Reference images"):
// for each query, the largest similarity to a row of a memory bank. The search
// is a blocked matmul that keeps only the running maximum. The [queries, rows]
// matrix of similarities is never stored.
//
// Cost: 2 * queries * rows * width FLOP. Each block of queries reads the bank
// once.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/parallel_for.h"

namespace alfa::kernels {

// The rows of a bank in the layout of the search: panels of kPanel rows. A
// panel holds the first element of all its rows, then the second one, and so
// on: [panels][width][kPanel]. Elements past the last row are 0.
struct PackedRows {
  static constexpr int kPanel = 32;
  int count = 0, width = 0;
  std::vector<float> data;
};

// rows [count, width]
PackedRows pack_rows(const float* rows, int count, int width);
// Copies one row to out [width].
void unpack_row(const PackedRows& packed, int row, float* out);

struct Search {
  const float* queries;  // [count, bank->width]
  int count;
  const PackedRows* bank;  // at least one row
  float* similarity;       // out [count]: the largest dot product
  // out [count] or null: the row with that dot product; if equal, the first
  // one. It is row 0 where all dot products are -infinity or NaN.
  int32_t* index;
};

// Runs one search, or several as one piece of parallel work. Throws
// Error(kRange) where a bank is empty.
void find_nearest(const float* queries, int count, const PackedRows& bank,
                  const ParallelFor& parallel_for, float* similarity,
                  int32_t* index);
void find_nearest(std::span<const Search> searches,
                  const ParallelFor& parallel_for);

// The dot product of one query [width] with every row -> out [bank.count].
// Throws Error(kRange) where the bank is empty.
void similarities(const float* query, const PackedRows& bank, float* out);

}  // namespace alfa::kernels
