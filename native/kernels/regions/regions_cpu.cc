#include <algorithm>

#include "kernels/regions/regions.h"
#include "kernels/regions/runs.h"
#include "kernels/size.h"

namespace alfa::kernels {

std::vector<Region> find_regions(const float* map, int width, int height,
                                 float threshold, int limit) {
  std::vector<Run> runs = connected_runs(
      width, height, [&](size_t i) { return map[i] > threshold; });
  std::vector<int> region_of_root(runs.size(), -1);
  std::vector<Region> regions;
  for (uint32_t i = 0; i < runs.size(); ++i) {
    const Run run = runs[i];
    int& index = region_of_root[root_of(runs, i)];
    if (index < 0) {
      index = static_cast<int>(regions.size());
      regions.push_back({run.begin, run.row, run.end - run.begin, 1, 0,
                         run.begin, run.row, threshold});
    }
    Region& r = regions[to_size(index)];
    const int right = std::max(r.left + r.width, run.end);
    r.left = std::min(r.left, run.begin);
    r.width = right - r.left;
    r.height = run.row - r.top + 1;
    r.area += run.end - run.begin;
    const float* row = map + row_offset(run.row, width);
    for (int x = run.begin; x < run.end; ++x) {
      if (row[x] > r.peak) {
        r.peak = row[x];
        r.peak_x = x;
        r.peak_y = run.row;
      }
    }
  }
  std::stable_sort(
      regions.begin(), regions.end(),
      [](const Region& a, const Region& b) { return a.peak > b.peak; });
  const size_t kept = to_size(std::max(limit, 0));
  if (regions.size() > kept) regions.resize(kept);
  return regions;
}

}  // namespace alfa::kernels
