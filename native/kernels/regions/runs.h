// Connected parts, 8-connected, as runs of pixels joined by union-find: one
// pass, memory for the runs alone.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace alfa::kernels {

struct Run {
  int row, begin, end;  // columns [begin, end)
  int parent;           // another run of the same region; itself at the root
};

inline int root_of(std::vector<Run>& runs, int i) {
  while (runs[i].parent != i) i = runs[i].parent = runs[runs[i].parent].parent;
  return i;
}

// The runs, in reading order, of the pixels i of a picture, row-major, for
// which counts(i). A region's root is its first run.
template <typename Counts>
std::vector<Run> connected_runs(int width, int height, Counts counts) {
  std::vector<Run> runs;
  size_t above = 0, above_end = 0;  // the runs of the row before
  for (int y = 0; y < height; ++y) {
    const size_t row = static_cast<size_t>(y) * static_cast<size_t>(width);
    const size_t first = runs.size();
    size_t candidate = above;
    for (int x = 0; x < width;) {
      if (!counts(row + x)) {
        ++x;
        continue;
      }
      const int begin = x++;
      while (x < width && counts(row + x)) ++x;
      const int index = static_cast<int>(runs.size());
      runs.push_back({y, begin, x, index});
      while (candidate < above_end && runs[candidate].end < begin)
        ++candidate;  // touching corners count
      for (size_t c = candidate; c < above_end && runs[c].begin <= x; ++c) {
        const int a = root_of(runs, static_cast<int>(c)),
                  b = root_of(runs, index);
        runs[std::max(a, b)].parent = std::min(a, b);
      }
    }
    above = first;
    above_end = runs.size();
  }
  return runs;
}

}  // namespace alfa::kernels
