#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/distance.h"
#include "kernels/nearest/nearest.h"

namespace alfa::check {
namespace {

enum class Values {
  kUnit,      // random unit rows on both sides
  kNegative,  // no similarity above 0: what pads the last panel, 0, would win
  kHuge,      // the same, down to -1e38
  kFew,       // whole numbers, so that every sum is exact, and 11 rows over and over: the first of them wins
  kEqual,     // whole numbers, one row over and over
  kZeroQueries,
  kZeroRows,
};

struct Input {
  int queries, rows, width;
  std::vector<float> query, row;

  double similarity(int q, int r) const {
    const float *a = query.data() + static_cast<size_t>(q) * width, *b = row.data() + static_cast<size_t>(r) * width;
    double sum[8] = {};
    for (int e = 0; e < width; ++e) sum[e % 8] += static_cast<double>(a[e]) * b[e];
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
  }
};

bool is_exact(Values values) { return values >= Values::kFew; }

Input make_input(int queries, int rows, int width, Values values) {
  Random random(31);
  Input in{queries, rows, width, random.unit_rows(queries, width), random.unit_rows(rows, width)};
  const auto whole = [&](std::vector<float>& data) {
    for (float& v : data) v = static_cast<float>(random.below(7) - 3);
  };
  if (values == Values::kNegative || values == Values::kHuge) {
    for (float& v : in.query) v = -std::abs(v) * (values == Values::kHuge ? 1e38f : 1.0f);
    for (float& v : in.row) v = std::abs(v);
  }
  if (is_exact(values)) {
    whole(in.query);
    whole(in.row);
    const int distinct = values == Values::kFew ? 11 : values == Values::kEqual ? 1 : rows;
    for (int r = distinct; r < rows; ++r)
      std::copy_n(in.row.begin() + static_cast<ptrdiff_t>(random.below(distinct)) * width, width,
                  in.row.begin() + static_cast<ptrdiff_t>(r) * width);
  }
  if (values == Values::kZeroQueries) std::fill(in.query.begin(), in.query.end(), 0.0f);
  if (values == Values::kZeroRows) std::fill(in.row.begin(), in.row.end(), 0.0f);
  return in;
}

const char* name_of(Values values) {
  switch (values) {
    case Values::kUnit: return "";
    case Values::kNegative: return ", all negative";
    case Values::kHuge: return ", down to -1e38";
    case Values::kFew: return ", 11 different rows";
    case Values::kEqual: return ", equal rows";
    case Values::kZeroQueries: return ", zero queries";
    case Values::kZeroRows: return ", zero rows";
  }
  return "";
}

Tolerance tolerance(Values values) {
  if (is_exact(values)) return exact("sums of whole numbers; of equal rows the first");
  if (values == Values::kHuge) return absolute(1e32, "fp32 sum of terms of one sign, 1e38 in all");
  return absolute(1e-6, "fp32 sum of a unit row's terms");
}

// The greatest similarity of each query, then its row: where sums are exact the row itself, elsewhere, as two rows may
// lie nearer each other than fp32 sees, the float64 similarity of that row.
std::vector<double> reference(const Input& in, bool rows) {
  std::vector<double> best(in.queries, -INFINITY), row(in.queries);
  for (int q = 0; q < in.queries; ++q) {
    for (int r = 0; r < in.rows; ++r) {
      const double s = in.similarity(q, r);
      if (s > best[q]) best[q] = s, row[q] = r;
    }
  }
  const std::vector<double>& second = rows ? row : best;
  best.insert(best.end(), second.begin(), second.end());
  return best;
}

std::string shape_name(int queries, int rows, int width) {
  return std::to_string(queries) + " in " + std::to_string(rows) + " rows of " + std::to_string(width);
}

void add(Cases& cases, int queries, int rows, int width, Values values = Values::kUnit) {
  const auto make = [=] {
    const auto in = std::make_shared<Input>(make_input(queries, rows, width, values));
    const auto prepare = [=](Backend& backend) -> Call {
      if (backend.kind() != Kind::kCpu) return {};
      const auto bank = std::make_shared<kernels::PackedRows>(kernels::pack_rows(in->row.data(), rows, width));
      const auto similarity = std::make_shared<std::vector<float>>(queries);
      const auto index = std::make_shared<std::vector<int32_t>>(queries, -1);
      return {[=, &backend] {
                kernels::nearest(in->query.data(), queries, *bank, backend.parallel_for(), similarity->data(),
                                 index->data());
              },
              [=] {
                std::vector<float> out(*similarity);
                for (int q = 0; q < queries; ++q) {
                  const int r = (*index)[q];
                  const bool inside = r >= 0 && r < rows;
                  out.push_back(!inside            ? std::numeric_limits<float>::quiet_NaN()
                                : is_exact(values) ? static_cast<float>(r)
                                                   : static_cast<float>(in->similarity(q, r)));
                }
                return out;
              }};
    };
    return Work{prepare, [=] { return reference(*in, is_exact(values)); }};
  };
  cases.push_back({"nearest/" + shape_name(queries, rows, width) + name_of(values), tolerance(values), make,
                   2.0 * queries * rows * width, 4.0 * (queries + rows) * width});
}

// Without an index, and the same whoever shares the work.
void add_without_index(Cases& cases) {
  const auto make = [] {
    const auto in = std::make_shared<Input>(make_input(61, 100, 192, Values::kUnit));
    const auto run = [=](int threads) {
      std::vector<float> out(in->queries);
      kernels::nearest(in->query.data(), in->queries, kernels::pack_rows(in->row.data(), in->rows, in->width),
                       make_parallel_for(threads), out.data(), nullptr);
      return out;
    };
    Work work{host_call([=] { return run(1); }), [=] {
                std::vector<double> all = reference(*in, true);
                all.resize(in->queries);
                return all;
              }};
    work.property = [=](const std::vector<float>& out) -> std::string {
      return out == run(2) && out == run(5) ? "" : "depends on the number of threads";
    };
    return work;
  };
  cases.push_back({"nearest/no index, 1, 2 and 5 threads", tolerance(Values::kUnit), make, 2.0 * 61 * 100 * 192});
}

void add_similarities(Cases& cases, int rows, int width, Values values = Values::kUnit) {
  const auto make = [=] {
    const auto in = std::make_shared<Input>(make_input(1, rows, width, values));
    const auto bank = std::make_shared<kernels::PackedRows>(kernels::pack_rows(in->row.data(), rows, width));
    return Work{host_call([=] {
                  std::vector<float> out(rows);
                  kernels::similarities(in->query.data(), *bank, out.data());
                  return out;
                }),
                [=] {
                  std::vector<double> all;
                  for (int r = 0; r < rows; ++r) all.push_back(in->similarity(0, r));
                  return all;
                }};
  };
  cases.push_back({"similarities/" + shape_name(1, rows, width) + name_of(values), tolerance(values), make, 0,
                   4.0 * rows * width});
}

void add_packing(Cases& cases, int rows, int width) {
  const auto make = [=] {
    const auto in = std::make_shared<Input>(make_input(1, rows, width, Values::kUnit));
    return Work{host_call([=] {
                  const kernels::PackedRows packed = kernels::pack_rows(in->row.data(), rows, width);
                  std::vector<float> out(in->row.size());
                  for (int r = 0; r < rows; ++r) kernels::unpack_row(packed, r, out.data() + static_cast<size_t>(r) * width);
                  return out;
                }),
                [=] { return std::vector<double>(in->row.begin(), in->row.end()); }};
  };
  cases.push_back({"pack_rows/" + std::to_string(rows) + " rows of " + std::to_string(width) + ", and back",
                   exact("copies"), make, 0, 16.0 * rows * width});
}

void add_distance(Cases& cases, kernels::Distance distance, const char* name) {
  const auto make = [=] {
    std::vector<float> s{-2, std::nextafter(-1.0f, -2.0f), -1, -0.5, -1e-9f, 0, 1e-9f, 0.5, std::nextafter(1.0f, 0.0f),
                         1, std::nextafter(1.0f, 2.0f), 2};
    Random random(32);
    for (int i = 0; i < 1000; ++i) s.push_back(static_cast<float>(2 * random.uniform() - 1));
    return Work{host_call([=] {
                  std::vector<float> out;
                  for (const float x : s) out.push_back(kernels::distance_of(distance, x));
                  return out;
                }),
                [=] {
                  std::vector<double> out;
                  for (const double x : s) {
                    // Two unit vectors of similarity x lie sqrt(2 - 2x) apart.
                    out.push_back(x > 1    ? 0
                                  : x < -1 ? 1
                                  : distance == kernels::Distance::kCosine ? (1 - x) / 2
                                                                           : std::sqrt(2 - 2 * x) / 2);
                  }
                  return out;
                }};
  };
  cases.push_back({std::string("distance/") + name, ulps(1, "two roundings, the root halves the first"), make});
}

}  // namespace

void nearest_cases(Cases& cases) {
  add(cases, 225, 900, 896);
  add(cases, 196, 784, 640);
  add(cases, 225, 8192, 896);
  for (const int width : {1, 7, 64, 192}) add(cases, 225, 900, width);
  for (const int queries : {1, 2, 5, 6, 7, 11, 12, 13, 23, 24, 25, 47, 49}) add(cases, queries, 97, 64);
  for (const int rows : {1, 2, 31, 32, 33, 63, 64, 65}) add(cases, 29, rows, 64);
  add(cases, 1, 1, 1);
  add(cases, 1, 8192, 896);
  add(cases, 13, 8192, 7);
  for (const Values values : {Values::kNegative, Values::kHuge}) {
    add(cases, 37, 1, 64, values);
    add(cases, 37, 33, 7, values);
    add(cases, 37, 900, 192, values);
  }
  for (const Values values : {Values::kFew, Values::kEqual, Values::kZeroQueries, Values::kZeroRows}) {
    add(cases, 37, 900, 896, values);
    add(cases, 5, 45, 1, values);
  }
  add(cases, 0, 33, 64);
  add_without_index(cases);
  const auto refuse = [&](const char* name, int count, int width) {
    cases.push_back(refusal(std::string("nearest/") + name, Code::kRange, [=] {
      float value = 0;
      kernels::nearest(&value, 1, kernels::pack_rows(&value, count, width), make_parallel_for(1), &value, nullptr);
    }));
  };
  refuse("no row", 0, 1);
  refuse("rows of nothing", 1, 0);
  add_similarities(cases, 900, 896);
  add_similarities(cases, 8192, 896);
  add_similarities(cases, 1, 1);
  add_similarities(cases, 33, 7, Values::kNegative);
  add_similarities(cases, 45, 192, Values::kFew);
  cases.push_back(refusal("similarities/no row", Code::kRange, [] {
    float value = 0;
    kernels::similarities(&value, kernels::pack_rows(&value, 0, 1), &value);
  }));
  add_packing(cases, 900, 896);
  add_packing(cases, 1, 1);
  add_packing(cases, 33, 7);
  add_distance(cases, kernels::Distance::kCosine, "cosine");
  add_distance(cases, kernels::Distance::kEuclidean, "Euclidean");
}

}  // namespace alfa::check
