// Connected parts of an image (8-connectivity), found in one pass: runs of
// pixels in a row, joined with runs of the row above by union-find. Memory
// grows with the number of runs, not with the image.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace alfa::kernels {

struct Run {
  int row;
  int begin, end;  // columns [begin, end)
  // The index of an earlier run of the same part. A root is its own parent.
  uint32_t parent;
};

// The root of run i. Shortens the path to it.
inline uint32_t root_of(std::vector<Run>& runs, uint32_t i) {
  while (runs[i].parent != i) {
    runs[i].parent = runs[runs[i].parent].parent;
    i = runs[i].parent;
  }
  return i;
}

// The runs of the pixels for which counts(index of the pixel, row-major) is
// true, in row-major order. The root of a part is its first run.
template <typename Counts>
std::vector<Run> connected_runs(int width, int height, Counts counts) {
  std::vector<Run> runs;
  // Runs of the row above: [above, above_end).
  uint32_t above = 0;
  uint32_t above_end = 0;
  for (int y = 0; y < height; ++y) {
    const size_t row = static_cast<size_t>(y) * static_cast<size_t>(width);
    const auto counts_at = [&](int x) {
      return counts(row + static_cast<size_t>(x));
    };
    const uint32_t first = above_end;
    uint32_t candidate = above;
    for (int x = 0; x < width;) {
      if (!counts_at(x)) {
        ++x;
        continue;
      }
      const int begin = x++;
      while (x < width && counts_at(x)) ++x;
      const auto index = static_cast<uint32_t>(runs.size());
      runs.push_back({y, begin, x, index});
      // Runs that touch at a corner are connected too.
      while (candidate < above_end && runs[candidate].end < begin) ++candidate;
      for (uint32_t c = candidate; c < above_end && runs[c].begin <= x; ++c) {
        const uint32_t a = root_of(runs, c);
        const uint32_t b = root_of(runs, index);
        runs[std::max(a, b)].parent = std::min(a, b);
      }
    }
    above = first;
    above_end = static_cast<uint32_t>(runs.size());
  }
  return runs;
}

}  // namespace alfa::kernels
