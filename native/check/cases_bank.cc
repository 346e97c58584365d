// The parts of a memory bank search: packed rows, the similarities of one
// query, and distances.
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/nearest_input.h"
#include "check/registry.h"
#include "kernels/distance.h"
#include "kernels/nearest/nearest.h"

namespace alfa::check {
namespace {

using kernels::Distance;

void add_similarities(Cases& cases, int rows, int width,
                      Values values = Values::kUnit) {
  const auto make = [=] {
    const auto in = std::make_shared<Input>(make_input(1, rows, width, values));
    const auto bank = std::make_shared<kernels::PackedRows>(
        kernels::pack_rows(in->row.data(), rows, width));
    return Work{on_cpu([=] {
                  std::vector<float> out(rows);
                  kernels::similarities(in->query.data(), *bank, out.data());
                  return out;
                }),
                [=] {
                  std::vector<double> all;
                  for (int r = 0; r < rows; ++r)
                    all.push_back(in->similarity(0, r));
                  return all;
                }};
  };
  cases.push_back(
      {"similarities/" + shape_name(1, rows, width) + name_of(values),
       tolerance(values), make, 0, 4.0 * rows * width});
}

void add_packing(Cases& cases, int rows, int width) {
  const auto make = [=] {
    const auto in =
        std::make_shared<Input>(make_input(1, rows, width, Values::kUnit));
    return Work{
        on_cpu([=] {
          const kernels::PackedRows packed =
              kernels::pack_rows(in->row.data(), rows, width);
          std::vector<float> out(in->row.size());
          for (int r = 0; r < rows; ++r)
            kernels::unpack_row(packed, r,
                                out.data() + static_cast<size_t>(r) * width);
          return out;
        }),
        [=] { return std::vector<double>(in->row.begin(), in->row.end()); }};
  };
  cases.push_back({"pack_rows/" + std::to_string(rows) + " rows of " +
                       std::to_string(width) + ", and back",
                   exact("copies"), make, 0, 16.0 * rows * width});
}

void add_distance(Cases& cases, Distance distance, const char* name) {
  const auto make = [=] {
    std::vector<float> s{-2,
                         std::nextafter(-1.0f, -2.0f),
                         -1,
                         -0.5,
                         -1e-9f,
                         0,
                         1e-9f,
                         0.5,
                         std::nextafter(1.0f, 0.0f),
                         1,
                         std::nextafter(1.0f, 2.0f),
                         2};
    Random random(32);
    for (int i = 0; i < 1000; ++i)
      s.push_back(static_cast<float>(2 * random.uniform() - 1));
    return Work{on_cpu([=] {
                  std::vector<float> out;
                  for (const float x : s)
                    out.push_back(kernels::distance_of(distance, x));
                  return out;
                }),
                [=] {
                  std::vector<double> out;
                  for (const double x : s) {
                    // Two unit vectors of similarity x lie sqrt(2 - 2x) apart.
                    out.push_back(x > 1    ? 0
                                  : x < -1 ? 1
                                  : distance == Distance::kCosine
                                      ? (1 - x) / 2
                                      : std::sqrt(2 - 2 * x) / 2);
                  }
                  return out;
                }};
  };
  cases.push_back({std::string("distance/") + name,
                   ulps(1, "two roundings, the root halves the first"), make});
}

void add_cases(Cases& cases) {
  add_similarities(cases, 900, 896);
  add_similarities(cases, 8192, 896);
  add_similarities(cases, 1, 1);
  add_similarities(cases, 33, 7, Values::kNegative);
  add_similarities(cases, 45, 192, Values::kFew);
  cases.push_back(expect_error("similarities/no row", Code::kRange, [] {
    float value = 0;
    kernels::similarities(&value, kernels::pack_rows(&value, 0, 1), &value);
  }));
  add_packing(cases, 900, 896);
  add_packing(cases, 1, 1);
  add_packing(cases, 33, 7);
  add_distance(cases, Distance::kCosine, "cosine");
  add_distance(cases, Distance::kEuclidean, "Euclidean");
}

const CaseGroup group("bank", add_cases);

}  // namespace

}  // namespace alfa::check
