// Kernels compiled for instruction sets that this CPU would not choose. Their
// sources are included here once more, in another namespace. The three searches
// of nearest are called by name. For the others the loader normally chooses a
// clone (see multiversion.h); here they are compiled for the baseline.
#include "check/registry.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(ALFA_NO_CLONES)

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "kernels/multiversion.h"
#include "kernels/parallel_for.h"

#undef ALFA_MULTIVERSION
#define ALFA_MULTIVERSION
namespace alfa::kernels_again {
using kernels::ParallelFor;
}
#define kernels kernels_again
#include "kernels/coreset/coreset_cpu.cc"
#include "kernels/nearest/nearest_cpu.cc"
#include "kernels/patch_features/patch_features_cpu.cc"
#undef kernels

// The operators of the engine. Their headers cannot be included again because
// of
// `#pragma once`.
namespace alfa::kernels {
std::vector<int> greedy_coreset(const float* rows, int count, int width,
                                int keep, uint64_t seed,
                                const ParallelFor& parallel_for);
}

namespace alfa::check {
namespace {

using kernels_again::PackedRows;

void add_nearest(Cases& cases, const char* set,
                 void (*search)(const kernels_again::Task&), int queries,
                 int rows, int width) {
  const auto make = [=] {
    Random random(81);
    const auto query = std::make_shared<std::vector<float>>(
        random.normals(static_cast<size_t>(queries) * width));
    const auto row = std::make_shared<std::vector<float>>(
        random.normals(static_cast<size_t>(rows) * width));
    for (auto* values : {query.get(), row.get()})
      for (float& v : *values) v = std::round(v);  // sums of integers are exact
    const auto bank = std::make_shared<PackedRows>(
        kernels_again::pack_rows(row->data(), rows, width));
    return Work{on_cpu([=] {
                  std::vector<float> out(
                      queries, -std::numeric_limits<float>::infinity());
                  std::vector<int32_t> index(queries);
                  search({query->data(), queries, bank.get(), out.data(),
                          index.data()});
                  out.insert(out.end(), index.begin(), index.end());
                  return out;
                }),
                [=] {
                  std::vector<double> best(queries, -INFINITY), index(queries);
                  for (int q = 0; q < queries; ++q) {
                    for (int r = 0; r < rows; ++r) {
                      double sum = 0;
                      for (int e = 0; e < width; ++e)
                        sum +=
                            static_cast<double>(
                                (*query)[static_cast<size_t>(q) * width + e]) *
                            (*row)[static_cast<size_t>(r) * width + e];
                      if (sum > best[q]) best[q] = sum, index[q] = r;
                    }
                  }
                  best.insert(best.end(), index.begin(), index.end());
                  return best;
                }};
  };
  cases.push_back({std::string("variants/nearest, ") + set + ", " +
                       std::to_string(queries) + " in " + std::to_string(rows) +
                       " rows of " + std::to_string(width),
                   exact("sums of integers; the first of equal rows"), make,
                   2.0 * queries * rows * width});
}

void add_coreset(Cases& cases, int width) {
  constexpr int kCount = 500, kKeep = 60;
  const auto make = [=] {
    Random random(82);
    const auto rows = std::make_shared<std::vector<float>>(
        random.normals(static_cast<size_t>(kCount) * width, 3));
    // Integers: sums are exact in any order, also after the projection, which
    // multiplies by 1/8.
    for (float& v : *rows) v = std::round(v);
    return Work{
        on_cpu([=] {
          return kernels_again::greedy_coreset(rows->data(), kCount, width,
                                               kKeep, 9, make_parallel_for(1));
        }),
        [=] {
          const auto chosen = kernels::greedy_coreset(
              rows->data(), kCount, width, kKeep, 9, make_parallel_for(1));
          return std::vector<double>(chosen.begin(), chosen.end());
        }};
  };
  cases.push_back(
      {"variants/coreset, baseline, 60 of 500 rows of " + std::to_string(width),
       exact("the same rows as the clone that the loader chose"), make,
       3.0 * kCount * width * kKeep});
}

void add_patch_features(Cases& cases, int grid, int width) {
  const auto make = [=] {
    const auto tokens = std::make_shared<std::vector<float>>(
        Random(83).normals(static_cast<size_t>(grid) * grid * width));
    return Work{on_cpu([=] {
                  std::vector<float> out(tokens->size());
                  kernels_again::patch_features(tokens->data(), grid, width, 3,
                                                1, out.data(), width);
                  return out;
                }),
                [=] {
                  std::vector<double> out(tokens->size());
                  for (int p = 0; p < grid * grid; ++p) {
                    double squares = 0;
                    double* row = out.data() + static_cast<size_t>(p) * width;
                    for (int e = 0; e < width; ++e) {
                      for (int n = 0; n < grid * grid; ++n)
                        if (std::abs(n / grid - p / grid) < 2 &&
                            std::abs(n % grid - p % grid) < 2)
                          row[e] +=
                              (*tokens)[static_cast<size_t>(n) * width + e];
                      squares += row[e] * row[e];
                    }
                    for (int e = 0; e < width; ++e)
                      row[e] /= std::sqrt(squares);
                  }
                  return out;
                }};
  };
  cases.push_back({"variants/patch_features, baseline, grid " +
                       std::to_string(grid) + ", width " +
                       std::to_string(width),
                   absolute(5e-7, "fp32 sums of neighbours"), make, 0,
                   8.0 * grid * grid * width});
}

void add_cases(Cases& cases) {
  const auto all_shapes = [&](const char* set,
                              void (*search)(const kernels_again::Task&)) {
    add_nearest(cases, set, search, 24, 900, 896);
    for (const int queries : {1, 5, 6, 7, 13, 23})
      add_nearest(cases, set, search, queries, 33, 64);
    add_nearest(cases, set, search, 17, 31, 7);
    add_nearest(cases, set, search, 24, 1, 1);
  };
  if (__builtin_cpu_supports("x86-64-v4"))
    all_shapes("v4", kernels_again::search_v4);
  if (__builtin_cpu_supports("x86-64-v3"))
    all_shapes("v3", kernels_again::search_v3);
  all_shapes("baseline", kernels_again::search_base);
  for (const int width : {7, 64, 896}) add_coreset(cases, width);
  add_patch_features(cases, 15, 896);
  add_patch_features(cases, 6, 7);
}

const CaseGroup group("variants", add_cases);

}  // namespace

}  // namespace alfa::check

#endif
