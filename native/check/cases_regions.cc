#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/regions/regions.h"

namespace alfa::check {
namespace {

struct Map {
  int width, height;
  std::vector<float> value;
};

// Flood fill, in reading order. Eight values per region, sorted as regions.h
// says.
std::vector<double> reference(const Map& map, float threshold, int most) {
  std::vector<char> seen(map.value.size());
  std::vector<std::vector<double>> regions;
  for (size_t start = 0; start < map.value.size(); ++start) {
    if (seen[start] || !(map.value[start] > threshold)) continue;
    std::vector<size_t> members{start};
    seen[start] = 1;
    for (size_t i = 0; i < members.size(); ++i) {
      const int x = static_cast<int>(members[i]) % map.width,
                y = static_cast<int>(members[i]) / map.width;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (x + dx < 0 || x + dx >= map.width || y + dy < 0 ||
              y + dy >= map.height)
            continue;
          const size_t next =
              static_cast<size_t>((y + dy) * map.width + x + dx);
          if (!seen[next] && map.value[next] > threshold) {
            seen[next] = 1;
            members.push_back(next);
          }
        }
      }
    }
    std::sort(members.begin(), members.end());
    double left = 1e9, top = 1e9, right = -1, bottom = -1, peak = -1e300,
           peak_x = 0, peak_y = 0;
    for (const size_t m : members) {
      const double x = static_cast<double>(m % map.width),
                   y = static_cast<double>(m / map.width);
      left = std::min(left, x), right = std::max(right, x),
      top = std::min(top, y), bottom = std::max(bottom, y);
      if (map.value[m] > peak) peak = map.value[m], peak_x = x, peak_y = y;
    }
    regions.push_back({left, top, right - left + 1, bottom - top + 1,
                       static_cast<double>(members.size()), peak_x, peak_y,
                       peak});
  }
  std::stable_sort(regions.begin(), regions.end(),
                   [](const auto& a, const auto& b) { return a[7] > b[7]; });
  regions.resize(std::min(regions.size(), static_cast<size_t>(most)));
  std::vector<double> flat;
  for (const auto& region : regions)
    flat.insert(flat.end(), region.begin(), region.end());
  return flat;
}

void add(Cases& cases, const char* name, std::function<Map()> make_map,
         float threshold, int most = 1 << 30) {
  const auto make = [=] {
    const auto map = std::make_shared<Map>(make_map());
    return Work{
        on_cpu([=] {
          std::vector<float> flat;
          for (const auto& r : kernels::find_regions(
                   map->value.data(), map->width, map->height, threshold, most))
            for (const float v :
                 {static_cast<float>(r.left), static_cast<float>(r.top),
                  static_cast<float>(r.width), static_cast<float>(r.height),
                  static_cast<float>(r.area), static_cast<float>(r.peak_x),
                  static_cast<float>(r.peak_y), r.peak})
              flat.push_back(v);
          return flat;
        }),
        [=] { return reference(*map, threshold, most); }};
  };
  const Map size = make_map();
  cases.push_back({std::string("regions/") + name, exact("counts and copies"),
                   make, 0, 4.0 * size.width * size.height});
}

std::function<Map()> noise(int width, int height) {
  return [=] {
    Map map{width, height,
            std::vector<float>(static_cast<size_t>(width) * height)};
    Random random(9);
    for (float& v : map.value) v = static_cast<float>(random.uniform());
    return map;
  };
}

// A map from text: '#' is 0.9, 'o' is 0.7, everything else is 0.1.
std::function<Map()> drawn(std::vector<std::string> rows) {
  return [=] {
    Map map{
        static_cast<int>(rows[0].size()), static_cast<int>(rows.size()), {}};
    for (const std::string& row : rows)
      for (const char c : row)
        map.value.push_back(c == '#' ? 0.9f : c == 'o' ? 0.7f : 0.1f);
    return map;
  };
}

void add_cases(Cases& cases) {
  add(cases, "noise 240x240, sparse", noise(240, 240), 0.9f);
  add(cases, "noise 240x240, at the percolation point", noise(240, 240),
      0.593f);
  add(cases, "noise 333x77, dense", noise(333, 77), 0.2f);
  add(cases, "noise 1x100", noise(1, 100), 0.5f);
  add(cases, "noise 100x1", noise(100, 1), 0.5f);
  add(cases, "one pixel", noise(1, 1), -1.0f);
  add(cases, "nothing above", noise(50, 50), 2.0f);
  add(cases, "everything above", noise(50, 50), -1.0f);
  add(cases, "at most 5 regions", noise(100, 100), 0.9f, 5);
  add(cases, "at most 0 regions", noise(20, 20), 0.5f, 0);
  add(cases, "corners touch",
      drawn({"#...#", ".#.#.", "..o..", ".#.#.", "#...#"}), 0.5f);
  add(cases, "comb", drawn({"#.#.#.#", "#.#.#.#", "#######"}), 0.5f);
  add(cases, "spiral",
      drawn({"#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#",
             "#######"}),
      0.5f);
  add(cases, "nested rings",
      drawn({"#####", "#...#", "#.o.#", "#...#", "#####"}), 0.5f);
  add(cases, "equal peaks keep reading order", drawn({"#..o", "....", "o..#"}),
      0.5f);
  add(cases, "equal to the threshold is not above", drawn({"o#o"}), 0.7f);
  add(
      cases, "NaN is not above",
      [] {
        Map map = drawn({"###", "###"})();
        map.value[1] = std::numeric_limits<float>::quiet_NaN();
        map.value[4] = std::numeric_limits<float>::quiet_NaN();
        return map;
      },
      0.5f);
}

const CaseGroup group("regions", add_cases);

}  // namespace

}  // namespace alfa::check
