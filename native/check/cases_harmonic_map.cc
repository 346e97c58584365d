#include <algorithm>
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/harmonic_map/harmonic_map.h"
#include "kernels/harmonic_map/harmonic_map_cuda.h"

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
    if (values == Values::kTiny)
      s = u < 0.3 ? 1e-45f : u < 0.6 ? 1e-38f : static_cast<float>(u * 1e-20);
  }
  return scores;
}

// For each patch over the windows that contain it. The kernel goes from the
// windows to the patches.
std::vector<double> scale_reference(const std::vector<float>& scores, int grid,
                                    int k) {
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

std::vector<double> mean_reference(
    const std::vector<std::vector<float>>& maps) {
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
    case Values::kScores:
      return "";
    case Values::kOnes:
      return ", all 1";
    case Values::kSomeZero:
      return ", some 0";
    case Values::kAllZero:
      return ", all 0";
    case Values::kTiny:
      return ", down to the smallest float";
  }
  return "";
}

const Tolerance kRounded =
    ulps(0.51, "computed in double, rounded once to float");

void add_scale(Cases& cases, int grid, int k, Values values) {
  const auto make = [=] {
    const auto scores = std::make_shared<std::vector<float>>(
        make_scores((grid - k + 1) * (grid - k + 1), values, 3));
    return Work{on_cpu([=] {
                  std::vector<float> map(grid * grid);
                  kernels::scale_map(scores->data(), grid, k, map.data());
                  return map;
                }),
                [=] { return scale_reference(*scores, grid, k); }};
  };
  const double windows = (grid - k + 1) * (grid - k + 1);
  cases.push_back({"scale_map/grid " + std::to_string(grid) + ", k " +
                       std::to_string(k) + name_of(values),
                   kRounded, make, 0, 4 * (windows + grid * grid)});
}

void add_mean(Cases& cases, int n, int count, Values values) {
  const auto make = [=] {
    const auto maps = std::make_shared<std::vector<std::vector<float>>>();
    for (int m = 0; m < n; ++m)
      maps->push_back(make_scores(count, values, 10 + m));
    return Work{on_cpu([=] {
                  std::vector<const float*> pointers;
                  for (const auto& map : *maps) pointers.push_back(map.data());
                  std::vector<float> out(count);
                  kernels::harmonic_mean(pointers.data(), n, count, out.data());
                  return out;
                }),
                [=] { return mean_reference(*maps); }};
  };
  cases.push_back({"harmonic_mean/" + std::to_string(n) + " maps of " +
                       std::to_string(count) + name_of(values),
                   kRounded, make, 0, 4.0 * (n + 1) * count});
}

int windows_of(int grid, int k) { return (grid - k + 1) * (grid - k + 1); }

std::vector<float> part_of(const std::vector<float>& all, size_t first,
                           size_t count) {
  return {all.begin() + first, all.begin() + first + count};
}

// From the window scores of all scales to a map. The CPU does it in two steps,
// the CUDA kernel in one.
void add_map(Cases& cases, int images, int grid, const std::vector<int>& scales,
             bool also, Values values) {
  int count = 0;
  std::string name = "harmonic_map/" + std::to_string(images) +
                     (images == 1 ? " image" : " images") + ", grid " +
                     std::to_string(grid) + ", scales";
  for (const int k : scales) {
    count += windows_of(grid, k);
    name.append(" ").append(std::to_string(k));
  }
  const size_t cells = grid * grid;
  // The maps of image i: f(scores, k) for each scale, and S_G. They are rounded
  // to floats as in the kernel.
  const auto maps_of = [=](const std::vector<float>& scores,
                           const std::vector<float>& global, size_t i, auto f) {
    std::vector<std::vector<float>> maps;
    size_t first = i * count;
    for (const int k : scales) {
      const std::vector<double> map =
          f(part_of(scores, first, windows_of(grid, k)), k);
      maps.emplace_back(map.begin(), map.end());
      first += windows_of(grid, k);
    }
    if (also) maps.emplace_back(cells, global[i]);
    return maps;
  };
  const auto make = [=] {
    const auto scores = std::make_shared<std::vector<float>>(
        make_scores(static_cast<size_t>(images) * count, values, 40));
    const auto global = std::make_shared<std::vector<float>>(
        make_scores(images, Values::kScores, 41));
    Work work;
    const auto host = on_cpu([=] {
      std::vector<float> all;
      for (int i = 0; i < images; ++i) {
        const auto maps = maps_of(
            *scores, *global, i, [&](const std::vector<float>& s, int k) {
              std::vector<float> map(cells);
              kernels::scale_map(s.data(), grid, k, map.data());
              return std::vector<double>(map.begin(), map.end());
            });
        std::vector<const float*> pointers;
        for (const auto& map : maps) pointers.push_back(map.data());
        std::vector<float> out(cells);
        kernels::harmonic_mean(pointers.data(), static_cast<int>(maps.size()),
                               static_cast<int>(cells), out.data());
        all.insert(all.end(), out.begin(), out.end());
      }
      return all;
    });
    work.prepare = on_both(host, [=](Device& device) -> Call {
      const auto in = device.upload(*scores), own = device.upload(*global),
                 map = nan_output(device, images * cells);
      return {[=, &device] {
                kernels::CudaHarmonicMap task{in.data(),
                                              images,
                                              count,
                                              grid,
                                              {},
                                              static_cast<int>(scales.size()),
                                              also ? own.data() : nullptr,
                                              map.data()};
                std::copy(scales.begin(), scales.end(), task.scales);
                if constexpr (kCudaBuilt)
                  kernels::harmonic_map_cuda(task, device.stream());
              },
              [=, &device] { return device.download(map); }};
    });
    work.reference = [=] {
      std::vector<double> all;
      for (int i = 0; i < images; ++i) {
        const auto out = mean_reference(maps_of(
            *scores, *global, i, [&](const std::vector<float>& s, int k) {
              return scale_reference(s, grid, k);
            }));
        all.insert(all.end(), out.begin(), out.end());
      }
      return all;
    };
    return work;
  };
  cases.push_back({name + (also ? ", S_G" : "") + name_of(values), kRounded,
                   make, 0,
                   4.0 * images * (count + static_cast<double>(cells))});
}

void add_image_scores(Cases& cases, int images, int cells, bool with_map,
                      bool with_bank, bool mean) {
  const auto make = [=] {
    const auto some = [](int n, Values values, uint64_t seed) {
      return std::make_shared<std::vector<float>>(
          make_scores(static_cast<size_t>(n), values, seed));
    };
    const auto map = some(images * cells, Values::kScores, 50),
               bank = some(images * cells, Values::kSomeZero, 51),
               global = some(images, Values::kScores, 52);
    Work work;
    work.prepare = on_cuda([=](Device& device) -> Call {
      const auto m = device.upload(*map), b = device.upload(*bank),
                 g = device.upload(*global);
      const auto score = nan_output(device, images),
                 local = nan_output(device, images);
      return {[=, &device] {
                if constexpr (kCudaBuilt)
                  kernels::image_scores_cuda(
                      {images, cells, with_map ? m.data() : nullptr,
                       with_bank ? b.data() : nullptr, g.data(), mean,
                       score.data(), local.data()},
                      device.stream());
              },
              [=, &device] {
                std::vector<float> out = device.download(m);
                for (const auto& part :
                     {device.download(score), device.download(local)})
                  for (const float v : part)
                    out.push_back(std::isnan(v) ? -1
                                                : v);  // NaN cannot be compared
                return out;
              }};
    });
    work.reference = [=] {
      std::vector<double> out, scores, locals;
      for (int i = 0; i < images; ++i) {
        double own = 0, near = 0, shown = 0;
        for (size_t c = static_cast<size_t>(i) * cells;
             c < static_cast<size_t>(i + 1) * cells; ++c) {
          const double m = (*map)[c], b = (*bank)[c],
                       v = with_map && with_bank ? (m + b) / 2
                           : with_map            ? m
                                                 : b;
          out.push_back(with_map ? v : m);
          own = std::max(own, m);
          near = std::max(near, b);
          shown = std::max(shown, v);
        }
        double score = (*global)[i];
        if (with_map && mean) score = (score + own) / 2;
        if (with_bank) score = (score + near) / 2;
        scores.push_back(score);
        locals.push_back(with_map || with_bank ? shown : -1);
      }
      out.insert(out.end(), scores.begin(), scores.end());
      out.insert(out.end(), locals.begin(), locals.end());
      return out;
    };
    return work;
  };
  cases.push_back({"image_scores/" + std::to_string(images) + " of " +
                       std::to_string(cells) + (with_map ? "" : ", no map") +
                       (with_bank ? ", bank" : "") + (mean ? "" : ", S = S_G"),
                   ulps(1.51, "two sums, each rounded by up to 2^-24"), make, 0,
                   4.0 * images * cells * (1 + with_bank)});
}

// scales: one per level; 0 means patches.
void add_bank(Cases& cases, int images, int grid,
              const std::vector<int>& scales) {
  std::string name = "bank_map/" + std::to_string(images) + " of grid " +
                     std::to_string(grid) + ", levels";
  for (const int k : scales) name.append(" ").append(std::to_string(k));
  const auto make = [=] {
    const auto level = std::make_shared<std::vector<std::vector<float>>>();
    const auto rows_of = [=](size_t l) {
      return static_cast<size_t>(scales[l] ? windows_of(grid, scales[l])
                                           : grid * grid);
    };
    for (size_t l = 0; l < scales.size(); ++l)
      level->push_back(
          make_scores(images * rows_of(l), Values::kSomeZero, 60 + l));
    Work work;
    work.prepare = on_cuda([=](Device& device) -> Call {
      std::vector<DeviceArray<float>> distance;
      for (const auto& d : *level) distance.push_back(device.upload(d));
      const auto map =
          nan_output(device, static_cast<size_t>(images) * grid * grid);
      return {[=, &device] {
                kernels::CudaBankMap task{
                    images, grid, static_cast<int>(scales.size()),
                    {},     {},   map.data()};
                for (size_t l = 0; l < scales.size(); ++l)
                  task.distances[l] = distance[l].data(),
                  task.scales[l] = scales[l];
                if constexpr (kCudaBuilt)
                  kernels::bank_map_cuda(task, device.stream());
              },
              [=, &device] { return device.download(map); }};
    });
    work.reference = [=] {
      std::vector<double> out(static_cast<size_t>(images) * grid * grid);
      for (int i = 0; i < images; ++i) {
        for (size_t l = 0; l < scales.size(); ++l) {
          const auto distance =
              part_of((*level)[l], i * rows_of(l), rows_of(l));
          const auto map =
              scales[l] ? scale_reference(distance, grid, scales[l])
                        : std::vector<double>(distance.begin(), distance.end());
          for (int p = 0; p < grid * grid; ++p)
            out[i * grid * grid + p] +=
                map[p] / static_cast<double>(scales.size());
        }
      }
      return out;
    };
    return work;
  };
  cases.push_back({name,
                   ulps(1.51,
                        "the map of a level is rounded by up to 2^-24, and the "
                        "mean by half a ULP"),
                   make, 0,
                   4.0 * images * grid * grid *
                       (1.0 + static_cast<double>(scales.size()))});
}

void add_cases(Cases& cases) {
  for (const int k : {1, 2, 3, 4, 15}) add_scale(cases, 15, k, Values::kScores);
  add_scale(cases, 1, 1, Values::kScores);
  add_scale(cases, 2, 2, Values::kScores);
  add_scale(cases, 24, 3, Values::kScores);
  for (const Values values :
       {Values::kOnes, Values::kSomeZero, Values::kAllZero, Values::kTiny})
    add_scale(cases, 15, 3, values);
  cases.push_back(
      expect_error("scale_map/window larger than the grid", Code::kRange, [] {
        float value = 0;
        kernels::scale_map(&value, 1, 2, &value);
      }));
  for (const int n : {1, 2, 3}) add_mean(cases, n, 225, Values::kScores);
  add_mean(cases, 3, 1, Values::kScores);
  add_mean(cases, 2, 1 << 16, Values::kScores);
  for (const Values values :
       {Values::kOnes, Values::kSomeZero, Values::kAllZero, Values::kTiny})
    add_mean(cases, 2, 225, values);
  cases.push_back(expect_error("harmonic_mean/no map", Code::kRange, [] {
    float value = 0;
    kernels::harmonic_mean(nullptr, 0, 1, &value);
  }));
  for (const int images : {1, 16})
    add_map(cases, images, 15, {2, 3}, false, Values::kScores);
  for (const Values values : {Values::kScores, Values::kOnes, Values::kSomeZero,
                              Values::kAllZero, Values::kTiny})
    add_map(cases, 2, 15, {2, 3}, true, values);
  add_map(cases, 3, 15, {15}, false, Values::kScores);
  add_map(cases, 1, 1, {1}, true, Values::kScores);
  add_map(cases, 2, 24, {1, 2, 3, 4, 7, 24}, false, Values::kScores);
  add_map(cases, 1, 60, {2, 3, 4}, false,
          Values::kScores);  // more scores than 48 KB of shared memory hold
  add_map(cases, 1, 60, {2, 3, 4, 5}, true,
          Values::kSomeZero);  // more scores than shared memory holds
  for (const bool mean : {true, false})
    for (const bool map : {true, false})
      for (const bool bank : {true, false})
        add_image_scores(cases, 3, 225, map, bank, mean);
  add_image_scores(cases, 1, 1, true, true, true);
  add_image_scores(cases, 2, 1369, true, false, true);
  add_bank(cases, 3, 15, {0, 0, 2, 3});
  add_bank(cases, 1, 24, {3});
  add_bank(cases, 2, 5, {0, 1, 5});
}

const CaseGroup group("harmonic_map", add_cases);

}  // namespace

}  // namespace alfa::check
