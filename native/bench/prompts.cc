#include "bench/prompts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "check/random.h"

namespace alfa::bench {
namespace {

constexpr int kSide = kPrompts / 2;
// What a prompt is made of, as lengths before it is made a unit row: what all windows share, the window, noise. The lean on
// the shared part is what gives texts and images a similarity of some 0.3, as in CLIP.
constexpr double kShared = 0.3, kWindow = 0.7, kNoise = 0.6;
constexpr int kPowerSteps = 30;

using Row = std::vector<double>;

double dot(const Row& a, const Row& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

void make_unit(Row& row) {
  const double length = std::sqrt(dot(row, row));
  if (length > 0) for (double& v : row) v /= length;
}

Row random_row(check::Random& random, size_t width) {
  Row row(width);
  for (double& v : row) v = random.normal();
  make_unit(row);
  return row;
}

// The largest principal axis of centred rows.
Row principal_axis(const std::vector<Row>& rows, check::Random& random) {
  Row axis = random_row(random, rows[0].size());
  for (int step = 0; step < kPowerSteps; ++step) {
    Row next(axis.size());
    for (const Row& row : rows) {
      const double along = dot(row, axis);
      for (size_t i = 0; i < next.size(); ++i) next[i] += along * row[i];
    }
    make_unit(next);
    axis = std::move(next);
  }
  return axis;
}

}  // namespace

Prompts random_prompts(int embed_dim, uint64_t seed) {
  check::Random random(seed);
  const auto width = static_cast<size_t>(embed_dim);
  return {random.unit_rows(kSide, width), random.unit_rows(kSide, width)};
}

Prompts telling_prompts(Engine& engine, const std::vector<Pixels>& pictures, const std::vector<int>& scales, uint64_t seed) {
  check::Random random(seed);
  const auto width = static_cast<size_t>(engine.info().embed_dim);
  std::vector<Row> rows;
  for (const Pixels& picture : pictures) {
    const auto f = engine.embed_windows(picture.view(), Fit::kSquash, scales, nullptr);
    for (size_t at = 0; at < f.embedding.size(); at += width) rows.emplace_back(f.embedding.data() + at, f.embedding.data() + at + width);
  }
  Row mean(width);
  for (const Row& row : rows)
    for (size_t i = 0; i < width; ++i) mean[i] += row[i] / static_cast<double>(rows.size());
  for (Row& row : rows)
    for (size_t i = 0; i < width; ++i) row[i] -= mean[i];
  make_unit(mean);

  const Row axis = principal_axis(rows, random);
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return dot(a, axis) < dot(b, axis); });
  for (Row& row : rows) make_unit(row);
  const int third = std::max(1, static_cast<int>(rows.size() / 3));
  const auto side = [&](size_t first) {
    std::vector<float> all;
    for (int p = 0; p < kSide; ++p) {
      const Row& window = rows[first + static_cast<size_t>(random.below(third))];
      const Row noise = random_row(random, width);
      Row prompt(width);
      for (size_t i = 0; i < width; ++i) prompt[i] = kShared * mean[i] + kWindow * window[i] + kNoise * noise[i];
      make_unit(prompt);
      all.insert(all.end(), prompt.begin(), prompt.end());
    }
    return all;
  };
  return {side(0), side(rows.size() - static_cast<size_t>(third))};
}

}  // namespace alfa::bench
