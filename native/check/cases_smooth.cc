#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/smooth/smooth.h"

namespace alfa::check {
namespace {

enum class Values { kUnit, kOne, kZero, kSpike };

const char* name_of(Values values) {
  switch (values) {
    case Values::kUnit:
      return "";
    case Values::kOne:
      return ", all 1";
    case Values::kZero:
      return ", all 0";
    case Values::kSpike:
      return ", one patch";
  }
  return "";
}

std::vector<float> make_map(int grid, Values values) {
  Random random(61);
  std::vector<float> map(static_cast<size_t>(grid) * grid,
                         values == Values::kOne ? 1.0f : 0.0f);
  for (float& v : map)
    if (values == Values::kUnit) v = static_cast<float>(random.uniform());
  if (values == Values::kSpike) map[map.size() / 3] = 1;
  return map;
}

std::vector<double> reference(const std::vector<float>& in, int grid,
                              int side) {
  std::vector<double> out;
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      double sum = 0, count = 0;
      for (int v = 0; v < grid; ++v) {
        for (int u = 0; u < grid; ++u) {
          const bool near =
              2 * std::abs(v - y) < side && 2 * std::abs(u - x) < side;
          sum += near ? in[v * grid + u] : 0;
          count += near;
        }
      }
      out.push_back(sum / count);
    }
  }
  return out;
}

void add(Cases& cases, int grid, int side, Values values = Values::kUnit) {
  const auto make = [=] {
    const auto in =
        std::make_shared<std::vector<float>>(make_map(grid, values));
    return Work{on_cpu([=] {
                  std::vector<float> out(in->size());
                  kernels::smooth(in->data(), grid, side, out.data());
                  return out;
                }),
                [=] { return reference(*in, grid, side); }};
  };
  cases.push_back({"smooth/grid " + std::to_string(grid) + ", side " +
                       std::to_string(side) + name_of(values),
                   ulps(0.51, "computed in double, rounded once to float"),
                   make, 0, 8.0 * grid * grid});
}

void add_cases(Cases& cases) {
  for (const int side : {1, 3, 5, 15, 31, 2147483647}) add(cases, 15, side);
  for (const int grid : {1, 2, 6, 24})
    for (const int side : {1, 3, 5}) add(cases, grid, side);
  for (const Values values : {Values::kOne, Values::kZero, Values::kSpike})
    add(cases, 15, 3, values);
  for (const int side : {0, 2, -3})
    cases.push_back(
        expect_error("smooth/side " + std::to_string(side), Code::kRange, [=] {
          float value = 0;
          kernels::smooth(&value, 1, side, &value);
        }));
}

const CaseGroup group("smooth", add_cases);

}  // namespace

}  // namespace alfa::check
