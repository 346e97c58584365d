// Queries and banks for the cases of nearest and of the bank.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "check/case.h"
#include "check/random.h"
#include "kernels/cuda.h"

namespace alfa::check {

using kernels::Element;

enum class Values {
  kUnit,      // random unit rows
  kNegative,  // all similarities below 0, the padding of a panel
  kHuge,      // the same, down to -1e38
  kFew,       // integers, so that sums are exact; 11 different rows, of which
              // the first equal row must win
  kEqual,     // integers, all rows equal
  kZeroQueries,
  kZeroRows,
  kNaN,  // queries with a NaN: no row is nearest, the result is row 0
};

struct Input {
  int queries, rows, width;
  std::vector<float> query, row;

  double similarity(int q, int r) const {
    const float *a = query.data() + static_cast<size_t>(q) * width,
                *b = row.data() + static_cast<size_t>(r) * width;
    double sum[8] = {};
    for (int e = 0; e < width; ++e)
      sum[e % 8] += static_cast<double>(a[e]) * b[e];
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] +
           sum[7];
  }
};

inline bool is_exact(Values values) { return values >= Values::kFew; }

inline Input make_input(int queries, int rows, int width, Values values) {
  Random random(31);
  Input in{queries, rows, width, random.unit_rows(queries, width),
           random.unit_rows(rows, width)};
  const auto make_integers = [&](std::vector<float>& data) {
    for (float& v : data) v = static_cast<float>(random.below(7) - 3);
  };
  if (values == Values::kNegative || values == Values::kHuge) {
    for (float& v : in.query)
      v = -std::abs(v) * (values == Values::kHuge ? 1e38f : 1.0f);
    for (float& v : in.row) v = std::abs(v);
  }
  if (is_exact(values)) {
    make_integers(in.query);
    make_integers(in.row);
    const int distinct = values == Values::kFew     ? 11
                         : values == Values::kEqual ? 1
                                                    : rows;
    for (int r = distinct; r < rows; ++r)
      std::copy_n(in.row.begin() +
                      static_cast<ptrdiff_t>(random.below(distinct)) * width,
                  width, in.row.begin() + static_cast<ptrdiff_t>(r) * width);
  }
  if (values == Values::kZeroQueries)
    std::fill(in.query.begin(), in.query.end(), 0.0f);
  if (values == Values::kNaN)
    for (int q = 0; q < queries; ++q)
      in.query[static_cast<size_t>(q) * width + q % width] = NAN;
  if (values == Values::kZeroRows)
    std::fill(in.row.begin(), in.row.end(), 0.0f);
  return in;
}

inline const char* name_of(Values values) {
  switch (values) {
    case Values::kUnit:
      return "";
    case Values::kNegative:
      return ", all negative";
    case Values::kHuge:
      return ", down to -1e38";
    case Values::kFew:
      return ", 11 different rows";
    case Values::kEqual:
      return ", equal rows";
    case Values::kZeroQueries:
      return ", zero queries";
    case Values::kZeroRows:
      return ", zero rows";
    case Values::kNaN:
      return ", NaN in queries";
  }
  return "";
}

inline Tolerance tolerance(Values values, int width = 0,
                           Element element = Element::kFloat) {
  if (is_exact(values))
    return exact("sums of integers; the first of equal rows");
  if (values == Values::kHuge)
    return absolute(1e32, "fp32 sum of terms with one sign, 1e38 together");
  if (element == Element::kHalf)
    return absolute(1e-6 + width * 0x1p-25,
                    "exact products of halves; a tensor core may truncate them "
                    "at 2^-24 in sums below 1, half of that on average");
  return absolute(1e-6, "fp32 sum over a unit row");
}

inline std::string shape_name(int queries, int rows, int width) {
  return std::to_string(queries) + " in " + std::to_string(rows) + " rows of " +
         std::to_string(width);
}

}  // namespace alfa::check
