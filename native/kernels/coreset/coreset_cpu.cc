#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "error.h"
#include "kernels/coreset/coreset.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

constexpr int kWidest = 128, kProjected = 64;
constexpr int kRowsPerTask = 2048;

uint64_t splitmix64(uint64_t seed) {
  uint64_t z = seed + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// in [width] -> out [kProjected]; bit j of signs[e] is the sign of value e in
// output j.
ALFA_MULTIVERSION void project(const float* in, int width,
                               const uint64_t* signs, float* out) {
  float sum[kProjected] = {};
  for (int e = 0; e < width; ++e)
    for (int j = 0; j < kProjected; ++j)
      sum[j] += (signs[e] >> j & 1) ? in[e] : -in[e];
  for (int j = 0; j < kProjected; ++j) out[j] = sum[j] / 8;
}

struct Farthest {
  float distance = -1;
  int row = 0;
};

// Shortens each row's squared distance to its nearest kept row by the newly
// kept one; the farthest of [first, last).
ALFA_MULTIVERSION Farthest shorten(const float* rows, int width,
                                   const float* kept, int first, int last,
                                   float* distance) {
  Farthest far;
  for (int r = first; r < last; ++r) {
    const float* __restrict row = rows + static_cast<size_t>(r) * width;
    float sum[16] = {};
    int e = 0;
    for (; e + 16 <= width; e += 16)
      for (int j = 0; j < 16; ++j) {
        const float d = row[e + j] - kept[e + j];
        sum[j] += d * d;
      }
    for (; e < width; ++e) sum[0] += (row[e] - kept[e]) * (row[e] - kept[e]);
    for (int half = 8; half > 0; half /= 2)
      for (int j = 0; j < half; ++j) sum[j] += sum[j + half];
    distance[r] = std::min(distance[r], sum[0]);
    if (distance[r] > far.distance) far = {distance[r], r};
  }
  return far;
}

}  // namespace

std::vector<int> greedy_coreset(const float* rows, int count, int width,
                                int keep, uint64_t seed,
                                const ParallelFor& parallel_for) {
  if (count < 1 || keep < 1)
    throw Error(
        Code::kRange,
        "coreset: expected at least 1 row to keep of at least 1 but found " +
            std::to_string(keep) + " of " + std::to_string(count));
  std::vector<int> kept;
  if (keep >= count) {
    kept.resize(static_cast<size_t>(count));
    std::iota(kept.begin(), kept.end(), 0);
    return kept;
  }
  std::vector<float> projected;
  if (width > kWidest) {
    std::vector<uint64_t> signs(static_cast<size_t>(width));
    for (size_t e = 0; e < signs.size(); ++e)
      signs[e] = splitmix64(splitmix64(seed) + e);
    projected.resize(static_cast<size_t>(count) * kProjected);
    parallel_for(static_cast<size_t>(count), [&](size_t r) {
      project(rows + r * static_cast<size_t>(width), width, signs.data(),
              projected.data() + r * kProjected);
    });
    rows = projected.data();
    width = kProjected;
  }

  const size_t tasks =
      static_cast<size_t>((count + kRowsPerTask - 1) / kRowsPerTask);
  std::vector<float> distance(static_cast<size_t>(count),
                              std::numeric_limits<float>::infinity());
  std::vector<Farthest> farthest(tasks);
  int next = static_cast<int>(splitmix64(seed) % static_cast<uint64_t>(count));
  while (static_cast<int>(kept.size()) < keep) {
    kept.push_back(next);
    distance[static_cast<size_t>(next)] = -1;  // never again
    const float* row = rows + static_cast<size_t>(next) * width;
    parallel_for(tasks, [&](size_t t) {
      const int first = static_cast<int>(t) * kRowsPerTask;
      farthest[t] =
          shorten(rows, width, row, first,
                  std::min(count, first + kRowsPerTask), distance.data());
    });
    // In the order of the rows: of equal distances the first.
    next = std::max_element(farthest.begin(), farthest.end(),
                            [](const Farthest& a, const Farthest& b) {
                              return a.distance < b.distance;
                            })
               ->row;
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace alfa::kernels
