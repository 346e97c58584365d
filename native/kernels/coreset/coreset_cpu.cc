#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "error.h"
#include "kernels/coreset/coreset.h"
#include "kernels/multiversion.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

// Rows wider than this are projected to kProjectedWidth. The projection matrix
// has entries of +1/8 and -1/8, so it preserves the expected squared distance.
constexpr int kMaxWidth = 128;
constexpr int kProjectedWidth = 64;
constexpr int kRowsPerTask = 2048;

uint64_t splitmix64(uint64_t seed) {
  uint64_t z = seed + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// in [width] -> out [kProjectedWidth]. Bit j of signs[e] is the sign of in[e]
// in out[j].
ALFA_MULTIVERSION void project(const float* in, int width,
                               const uint64_t* signs, float* out) {
  float sum[kProjectedWidth] = {};
  for (int e = 0; e < width; ++e)
    for (int j = 0; j < kProjectedWidth; ++j)
      sum[j] += (signs[e] >> j & 1) ? in[e] : -in[e];
  for (int j = 0; j < kProjectedWidth; ++j) out[j] = sum[j] / 8;
}

// All rows [count, width] -> [count, kProjectedWidth].
std::vector<float> project_rows(const float* rows, int count, int width,
                                uint64_t seed,
                                const ParallelFor& parallel_for) {
  std::vector<uint64_t> signs(to_size(width));
  for (size_t e = 0; e < signs.size(); ++e)
    signs[e] = splitmix64(splitmix64(seed) + e);
  std::vector<float> projected(to_size(count) * kProjectedWidth);
  parallel_for(to_size(count), [&](size_t r) {
    project(rows + r * to_size(width), width, signs.data(),
            projected.data() + r * kProjectedWidth);
  });
  return projected;
}

struct Farthest {
  float distance = -1;
  int row = 0;
};

// distance[r]: the squared distance of row r to its nearest kept row. Updates
// it for rows [first, last) after `kept` was added. Returns the farthest of
// them.
ALFA_MULTIVERSION Farthest update_distances(const float* rows, int width,
                                            const float* kept, int first,
                                            int last, float* distance) {
  constexpr int kSums = 16;  // one AVX-512 register or two of AVX2
  Farthest farthest;
  for (int r = first; r < last; ++r) {
    const float* __restrict row = rows + row_offset(r, width);
    float sum[kSums] = {};
    int e = 0;
    for (; e + kSums <= width; e += kSums)
      for (int j = 0; j < kSums; ++j) {
        const float d = row[e + j] - kept[e + j];
        sum[j] += d * d;
      }
    for (; e < width; ++e) sum[0] += (row[e] - kept[e]) * (row[e] - kept[e]);
    for (int half = kSums / 2; half > 0; half /= 2)
      for (int j = 0; j < half; ++j) sum[j] += sum[j + half];
    distance[r] = std::min(distance[r], sum[0]);
    if (distance[r] > farthest.distance) farthest = {distance[r], r};
  }
  return farthest;
}

}  // namespace

std::vector<int> greedy_coreset(const float* rows, int count, int width,
                                int keep, uint64_t seed,
                                const ParallelFor& parallel_for) {
  if (count < 1 || keep < 1)
    throw Error(Code::kRange,
                "coreset: expected to keep at least 1 of at least 1 row but "
                "received " +
                    std::to_string(keep) + " of " + std::to_string(count) +
                    ".");
  std::vector<int> kept;
  if (keep >= count) {
    kept.resize(to_size(count));
    std::iota(kept.begin(), kept.end(), 0);
    return kept;
  }
  std::vector<float> projected;
  if (width > kMaxWidth) {
    projected = project_rows(rows, count, width, seed, parallel_for);
    rows = projected.data();
    width = kProjectedWidth;
  }

  const int tasks = (count + kRowsPerTask - 1) / kRowsPerTask;
  std::vector<float> distance(to_size(count),
                              std::numeric_limits<float>::infinity());
  std::vector<Farthest> farthest(to_size(tasks));
  int next = static_cast<int>(splitmix64(seed) % static_cast<uint64_t>(count));
  while (static_cast<int>(kept.size()) < keep) {
    kept.push_back(next);
    distance[to_size(next)] = -1;  // below all others: it is not chosen again
    const float* row = rows + row_offset(next, width);
    parallel_for(farthest.size(), [&](size_t task) {
      const int first = static_cast<int>(task) * kRowsPerTask;
      const int last = std::min(count, first + kRowsPerTask);
      farthest[task] =
          update_distances(rows, width, row, first, last, distance.data());
    });
    // Tasks are in the order of the rows, and max_element returns the first
    // maximum. So of equal distances, the first row wins.
    const auto nearer = [](const Farthest& a, const Farthest& b) {
      return a.distance < b.distance;
    };
    next = std::max_element(farthest.begin(), farthest.end(), nearer)->row;
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace alfa::kernels
