#include <algorithm>

#include "kernels/regions/regions.h"
#include "kernels/regions/runs.h"

namespace alfa::kernels {

std::vector<Region> find_regions(const float* map, int width, int height,
                                 float threshold, int most) {
  std::vector<Run> runs = connected_runs(
      width, height, [&](size_t i) { return map[i] > threshold; });
  std::vector<int> region_of(runs.size(), -1);  // of a root
  std::vector<Region> regions;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Run run = runs[i];
    int& index = region_of[root_of(runs, static_cast<int>(i))];
    if (index < 0) {
      index = static_cast<int>(regions.size());
      regions.push_back({run.begin, run.row, run.end - run.begin, 1, 0,
                         run.begin, run.row, threshold});
    }
    Region& r = regions[index];
    const int right = std::max(r.left + r.width, run.end);
    r.left = std::min(r.left, run.begin);
    r.width = right - r.left;
    r.height = run.row - r.top + 1;
    r.area += run.end - run.begin;
    for (int x = run.begin; x < run.end; ++x) {
      const float value = map[static_cast<size_t>(run.row) * width + x];
      if (value > r.peak) {
        r.peak = value;
        r.peak_x = x;
        r.peak_y = run.row;
      }
    }
  }
  std::stable_sort(
      regions.begin(), regions.end(),
      [](const Region& a, const Region& b) { return a.peak > b.peak; });
  if (regions.size() > static_cast<size_t>(std::max(most, 0)))
    regions.resize(static_cast<size_t>(std::max(most, 0)));
  return regions;
}

}  // namespace alfa::kernels
