// Runs of pixels joined by union-find: one pass over the map, memory for the runs alone.
#include "kernels/regions/regions.h"

#include <algorithm>

namespace alfa::kernels {
namespace {

struct Run {
  int row, begin, end;  // columns [begin, end)
  int parent;           // another run of the same region; itself at the root
};

int root_of(std::vector<Run>& runs, int i) {
  while (runs[i].parent != i) i = runs[i].parent = runs[runs[i].parent].parent;
  return i;
}

// The lower index becomes the root, so that a region's root is its first run in reading order.
void join(std::vector<Run>& runs, int a, int b) {
  a = root_of(runs, a);
  b = root_of(runs, b);
  runs[std::max(a, b)].parent = std::min(a, b);
}

std::vector<Run> connected_runs(const float* map, int width, int height, float threshold) {
  std::vector<Run> runs;
  size_t above = 0, above_end = 0;  // the runs of the row before
  for (int y = 0; y < height; ++y) {
    const float* row = map + static_cast<size_t>(y) * width;
    const size_t first = runs.size();
    size_t candidate = above;
    for (int x = 0; x < width;) {
      if (!(row[x] > threshold)) {
        ++x;
        continue;
      }
      const int begin = x;
      while (x < width && row[x] > threshold) ++x;
      const int index = static_cast<int>(runs.size());
      runs.push_back({y, begin, x, index});
      while (candidate < above_end && runs[candidate].end < begin) ++candidate;  // touching corners count
      for (size_t c = candidate; c < above_end && runs[c].begin <= x; ++c) join(runs, static_cast<int>(c), index);
    }
    above = first;
    above_end = runs.size();
  }
  return runs;
}

}  // namespace

std::vector<Region> find_regions(const float* map, int width, int height, float threshold, int most) {
  std::vector<Run> runs = connected_runs(map, width, height, threshold);
  std::vector<int> region_of(runs.size(), -1);  // of a root
  std::vector<Region> regions;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Run run = runs[i];
    int& index = region_of[root_of(runs, static_cast<int>(i))];
    if (index < 0) {
      index = static_cast<int>(regions.size());
      regions.push_back({run.begin, run.row, run.end - run.begin, 1, 0, run.begin, run.row, threshold});
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
  std::stable_sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) { return a.peak > b.peak; });
  if (regions.size() > static_cast<size_t>(std::max(most, 0))) regions.resize(static_cast<size_t>(std::max(most, 0)));
  return regions;
}

}  // namespace alfa::kernels
