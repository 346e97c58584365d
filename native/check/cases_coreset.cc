#include <algorithm>
#include <memory>
#include <numeric>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/coreset/coreset.h"

namespace alfa::check {
namespace {

constexpr uint64_t kSeed = 5;

// Integers in [-reach, reach]. Their distances are exact in fp32, so each
// choice is right or wrong, ties included.
std::vector<float> integer_rows(int count, int width, int reach) {
  Random random(41);
  std::vector<float> rows(static_cast<size_t>(count) * width);
  for (float& v : rows)
    v = static_cast<float>(random.below(2 * reach + 1) - reach);
  return rows;
}

double squared(const std::vector<float>& rows, int width, int a, int b) {
  double sum = 0;
  for (int e = 0; e < width; ++e) {
    const double d =
        static_cast<double>(rows[static_cast<size_t>(a) * width + e]) -
        rows[static_cast<size_t>(b) * width + e];
    sum += d * d;
  }
  return sum;
}

std::vector<int> coreset(const std::vector<float>& rows, int width, int keep,
                         int threads, uint64_t seed = kSeed) {
  return kernels::greedy_coreset(rows.data(),
                                 static_cast<int>(rows.size()) / width, width,
                                 keep, seed, make_parallel_for(threads));
}

// Starts from the row that is kept if only one is.
std::vector<double> greedy(const std::vector<float>& rows, int width,
                           int keep) {
  const int count = static_cast<int>(rows.size()) / width;
  std::vector<int> kept = coreset(rows, width, 1, 1);
  std::vector<double> distance(count, 1e300);
  while (static_cast<int>(kept.size()) < std::min(keep, count)) {
    int farthest = -1;
    for (int r = 0; r < count; ++r) {
      distance[r] = std::min(distance[r], squared(rows, width, r, kept.back()));
      if (std::find(kept.begin(), kept.end(), r) != kept.end()) continue;
      if (farthest < 0 || distance[r] > distance[farthest]) farthest = r;
    }
    kept.push_back(farthest);
  }
  std::sort(kept.begin(), kept.end());
  return {kept.begin(), kept.end()};
}

std::string rows_name(int count, int width, int keep) {
  return std::to_string(keep) + " of " + std::to_string(count) + " rows of " +
         std::to_string(width);
}

void add(Cases& cases, int count, int width, int keep, int reach,
         const char* note = "") {
  const auto make = [=] {
    const auto rows =
        std::make_shared<std::vector<float>>(integer_rows(count, width, reach));
    Work work{[=](Device& device) {
                return on_cpu([=, &device] {
                  return kernels::greedy_coreset(rows->data(), count, width,
                                                 keep, kSeed,
                                                 device.parallel_for());
                })(device);
              },
              [=] { return greedy(*rows, width, keep); }};
    work.property = [=](const std::vector<float>& out) -> std::string {
      for (const int threads : {1, 3}) {
        const std::vector<int> again = coreset(*rows, width, keep, threads);
        if (!std::equal(again.begin(), again.end(), out.begin(), out.end()))
          return "depends on the number of threads";
      }
      return "";
    };
    return work;
  };
  cases.push_back({"coreset/" + rows_name(count, width, keep) + note,
                   exact("distances of integers"), make,
                   keep < count ? 3.0 * count * width * keep : 0,
                   4.0 * count * width});
}

// Rows that are projected first. A float64 reference would not choose the same
// rows. So this checks that the result has `keep` different rows in ascending
// order, does not depend on the number of threads, and has one row of each of
// `keep` clusters.
void add_projected(Cases& cases, int count, int width, int keep,
                   bool clusters) {
  const auto make = [=] {
    const auto rows = std::make_shared<std::vector<float>>(
        Random(42).unit_rows(count, width));
    if (clusters) {
      const std::vector<float> centres =
          Random(43).normals(static_cast<size_t>(keep) * width);
      for (int r = 0; r < count; ++r)
        for (int e = 0; e < width; ++e)
          (*rows)[static_cast<size_t>(r) * width + e] +=
              centres[static_cast<size_t>(r % keep) * width + e];
    }
    Work work{
        [=](Device& device) {
          const auto picked = std::make_shared<std::vector<int>>();
          const auto launch = [=, &device] {
            *picked = kernels::greedy_coreset(rows->data(), count, width, keep,
                                              kSeed, device.parallel_for());
          };
          if (device.is_cuda()) return Call{};
          return Call{
              launch, [=] {
                std::vector<float> out{static_cast<float>(picked->size())};
                bool rising = picked->front() >= 0 && picked->back() < count;
                for (size_t i = 1; i < picked->size(); ++i)
                  rising &= (*picked)[i - 1] < (*picked)[i];
                out.push_back(rising);
                for (const int threads : {1, 3})
                  out.push_back(*picked ==
                                coreset(*rows, width, keep, threads));
                std::vector<bool> seen(keep);
                for (const int r : *picked) seen[r % keep] = true;
                out.push_back(!clusters || std::count(seen.begin(), seen.end(),
                                                      true) == keep);
                return out;
              }};
        },
        [=] { return std::vector<double>{1.0 * keep, 1, 1, 1, 1}; }};
    return work;
  };
  cases.push_back(
      {"coreset/" + rows_name(count, width, keep) +
           (clusters ? ", projected, clusters" : ", projected"),
       exact("count kept, ascending, 1 thread, 3 threads, every cluster"), make,
       2.0 * count * width * 64 + 3.0 * count * 64 * keep,
       4.0 * count * width});
}

void add_seeds(Cases& cases) {
  const auto make = [] {
    const auto rows =
        std::make_shared<std::vector<float>>(integer_rows(50, 8, 90));
    return Work{on_cpu([=] {
                  std::vector<float> out;
                  std::vector<bool> first(50);
                  for (uint64_t seed = 0; seed < 2000; ++seed)
                    first[coreset(*rows, 8, 1, 1, seed)[0]] = true;
                  out.push_back(static_cast<float>(
                      std::count(first.begin(), first.end(), true)));
                  return out;
                }),
                [] { return std::vector<double>{50}; }};
  };
  cases.push_back({"coreset/every row is the first row of some seed",
                   exact("the rows that 2,000 seeds choose"), make});
}

void add_cases(Cases& cases) {
  add(cases, 900, 64, 90, 100);
  add(cases, 900, 128, 90, 100);
  add(cases, 5000, 64, 50, 100);
  add(cases, 900, 7, 899, 100);
  add(cases, 900, 1, 300, 100);
  add(cases, 300, 17, 40, 1, ", many ties");
  add(cases, 4500, 3, 60, 1, ", many equal rows");
  add(cases, 40, 16, 30, 0, ", all equal");
  add(cases, 2, 5, 1, 100);
  add(cases, 33, 7, 33, 100);
  add(cases, 33, 7, 100, 100);
  add(cases, 33, 200, 34, 100);
  add(cases, 1, 1, 1, 100);
  add_projected(cases, 900, 896, 90, false);
  add_projected(cases, 4200, 129, 40, false);
  add_projected(cases, 900, 896, 30, true);
  add_projected(cases, 33, 192, 32, false);
  add_projected(cases, 2, 192, 1, false);
  add_seeds(cases);
  const auto add_error = [&](const char* name, int count, int keep) {
    cases.push_back(
        expect_error(std::string("coreset/") + name, Code::kRange, [=] {
          const float value = 0;
          kernels::greedy_coreset(&value, count, 1, keep, kSeed,
                                  make_parallel_for(1));
        }));
  };
  add_error("no row", 0, 1);
  add_error("nothing to keep", 1, 0);
}

const CaseGroup group("coreset", add_cases);

}  // namespace

}  // namespace alfa::check
