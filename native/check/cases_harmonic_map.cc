#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/harmonic_map/harmonic_map.h"

namespace alfa::check {
namespace {

enum class Values { kScores, kOnes, kSomeZero, kAllZero, kTiny };

std::vector<float> make_scores(size_t n, Values values, uint64_t seed) {
  Random random(seed);
  std::vector<float> scores(n, values == Values::kOnes ? 1.0f : 0.0f);
  for (float& s : scores) {
    const double u = random.uniform();
    if (values == Values::kScores) s = static_cast<float>(u);
    if (values == Values::kSomeZero) s = u < 0.2 ? 0.0f : static_cast<float>(u);
    if (values == Values::kTiny) s = u < 0.3 ? 1e-45f : u < 0.6 ? 1e-38f : static_cast<float>(u * 1e-20);
  }
  return scores;
}

// From the patch's side: over the windows that contain it (the kernel goes from the windows to the patches).
std::vector<double> scale_reference(const std::vector<float>& scores, int grid, int k) {
  const int windows = grid - k + 1;
  std::vector<double> map;
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      double count = 0, inverse = 0;
      bool zero = false;
      for (int i = 0; i < windows; ++i) {
        for (int j = 0; j < windows; ++j) {
          if (y < i || y >= i + k || x < j || x >= j + k) continue;
          const double s = scores[i * windows + j];
          zero |= s == 0;
          count += 1;
          inverse += zero ? 0 : 1 / s;
        }
      }
      map.push_back(zero ? 0 : count / inverse);
    }
  }
  return map;
}

std::vector<double> mean_reference(const std::vector<std::vector<float>>& maps) {
  std::vector<double> out;
  for (size_t i = 0; i < maps[0].size(); ++i) {
    double inverse = 0;
    bool zero = false;
    for (const auto& map : maps) {
      zero |= map[i] == 0;
      inverse += zero ? 0 : 1.0 / map[i];
    }
    out.push_back(zero ? 0 : static_cast<double>(maps.size()) / inverse);
  }
  return out;
}

const char* name_of(Values values) {
  switch (values) {
    case Values::kScores: return "";
    case Values::kOnes: return ", all 1";
    case Values::kSomeZero: return ", some 0";
    case Values::kAllZero: return ", all 0";
    case Values::kTiny: return ", down to the least float";
  }
  return "";
}

const Tolerance kRounded = ulps(0.51, "double inside, one rounding to float");

void add_scale(Cases& cases, int grid, int k, Values values) {
  const auto make = [=] {
    const auto scores = std::make_shared<std::vector<float>>(make_scores((grid - k + 1) * (grid - k + 1), values, 3));
    return Work{host_call([=] {
                  std::vector<float> map(grid * grid);
                  kernels::scale_map(scores->data(), grid, k, map.data());
                  return map;
                }),
                [=] { return scale_reference(*scores, grid, k); }};
  };
  const double windows = (grid - k + 1) * (grid - k + 1);
  cases.push_back({"scale_map/grid " + std::to_string(grid) + ", k " + std::to_string(k) + name_of(values), kRounded,
                   make, 0, 4 * (windows + grid * grid)});
}

void add_mean(Cases& cases, int n, int count, Values values) {
  const auto make = [=] {
    const auto maps = std::make_shared<std::vector<std::vector<float>>>();
    for (int m = 0; m < n; ++m) maps->push_back(make_scores(count, values, 10 + m));
    return Work{host_call([=] {
                  std::vector<const float*> pointers;
                  for (const auto& map : *maps) pointers.push_back(map.data());
                  std::vector<float> out(count);
                  kernels::harmonic_mean(pointers.data(), n, count, out.data());
                  return out;
                }),
                [=] { return mean_reference(*maps); }};
  };
  cases.push_back({"harmonic_mean/" + std::to_string(n) + " maps of " + std::to_string(count) + name_of(values),
                   kRounded, make, 0, 4.0 * (n + 1) * count});
}

}  // namespace

void harmonic_map_cases(Cases& cases) {
  for (const int k : {1, 2, 3, 4, 15}) add_scale(cases, 15, k, Values::kScores);
  add_scale(cases, 1, 1, Values::kScores);
  add_scale(cases, 2, 2, Values::kScores);
  add_scale(cases, 24, 3, Values::kScores);
  for (const Values values : {Values::kOnes, Values::kSomeZero, Values::kAllZero, Values::kTiny})
    add_scale(cases, 15, 3, values);
  cases.push_back(refusal("scale_map/window above the grid", Code::kRange, [] {
    float value = 0;
    kernels::scale_map(&value, 1, 2, &value);
  }));
  for (const int n : {1, 2, 3}) add_mean(cases, n, 225, Values::kScores);
  add_mean(cases, 3, 1, Values::kScores);
  add_mean(cases, 2, 1 << 16, Values::kScores);
  for (const Values values : {Values::kOnes, Values::kSomeZero, Values::kAllZero, Values::kTiny})
    add_mean(cases, 2, 225, values);
  cases.push_back(refusal("harmonic_mean/no map", Code::kRange, [] {
    float value = 0;
    kernels::harmonic_mean(nullptr, 0, 1, &value);
  }));
}

}  // namespace alfa::check
