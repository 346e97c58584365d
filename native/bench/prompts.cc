#include "bench/prompts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "check/alfa_settings.h"
#include "check/random.h"
#include "engine/features/bank.h"

namespace alfa::bench {
namespace {

constexpr int kSide = kPrompts / 2;
// The part of a prompt that all windows share. It gives texts and images a
// similarity of about 0.3, as in CLIP.
constexpr double kShared = 0.3;
// Noise of a prompt per dimension. It adds as much to a similarity, at any
// width.
constexpr double kNoise = 0.036;
// Target for the standard deviation of the windows' logits.
constexpr double kSpread = 0.8;
constexpr double kTemperature = 0.07;
constexpr int kPowerSteps = 30, kLeanSteps = 4;

using Row = std::vector<double>;

double dot(const Row& a, const Row& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void make_unit(Row& row) {
  const double length = std::sqrt(dot(row, row));
  if (length > 0)
    for (double& v : row) v /= length;
}

void add(Row& row, double factor, const Row& other) {
  for (size_t i = 0; i < row.size(); ++i) row[i] += factor * other[i];
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
      add(next, dot(row, axis), row);
    }
    make_unit(next);
    axis = std::move(next);
  }
  return axis;
}

Row mean_of(const std::vector<Row>& rows) {
  Row mean(rows[0].size());
  for (const Row& row : rows)
    add(mean, 1 / static_cast<double>(rows.size()), row);
  return mean;
}

// The standard deviation of (abnormal - normal similarity) / temperature over
// the windows. `windows` have zero mean.
double logit_spread(const std::vector<Row>& windows,
                    const std::vector<Row> (&prompts)[2]) {
  Row direction[2] = {mean_of(prompts[0]), mean_of(prompts[1])};
  for (Row& d : direction) make_unit(d);
  add(direction[1], -1, direction[0]);
  double squares = 0;
  for (const Row& window : windows)
    squares += std::pow(dot(window, direction[1]) / kTemperature, 2);
  return std::sqrt(squares / static_cast<double>(windows.size()));
}

std::vector<float> flat(const std::vector<Row>& rows) {
  std::vector<float> all;
  for (const Row& row : rows) all.insert(all.end(), row.begin(), row.end());
  return all;
}

// Settings of a memory bank that holds the embeddings of windows.
Settings window_settings(const std::vector<int>& scales) {
  Settings settings = alfa_settings();
  settings.scales = scales;
  settings.features.windows = true;
  return settings;
}

}  // namespace

Prompts random_prompts(int embed_dim, uint64_t seed) {
  check::Random random(seed);
  const auto width = static_cast<size_t>(embed_dim);
  return {random.unit_rows(kSide, width), random.unit_rows(kSide, width)};
}

Prompts separating_prompts(Engine& engine, const std::vector<TestImage>& images,
                           const std::vector<int>& scales, uint64_t seed) {
  check::Random random(seed);
  const auto width = static_cast<size_t>(engine.info().embed_dim);
  std::vector<Row> windows;
  const auto builder = engine.new_bank(window_settings(scales));
  for (const TestImage& image : images)
    engine.add_reference(*builder, image.view(), nullptr);
  const auto bank = engine.finish_bank(*builder);
  for (const kernels::PackedRows& level : bank->levels) {
    for (int r = 0; r < level.count; ++r) {
      std::vector<float> row(width);
      kernels::unpack_row(level, r, row.data());
      windows.emplace_back(row.begin(), row.end());
    }
  }
  Row shared = mean_of(windows);
  for (Row& window : windows) add(window, -1, shared);
  make_unit(shared);
  const Row axis = principal_axis(windows, random);
  std::sort(windows.begin(), windows.end(), [&](const Row& a, const Row& b) {
    return dot(a, axis) < dot(b, axis);
  });

  const size_t third = std::max<size_t>(1, windows.size() / 3);
  std::vector<Row> ends[2], noise[2];
  for (int label = 0; label < 2; ++label) {
    for (int p = 0; p < kSide; ++p) {
      ends[label].push_back(
          windows[(label == 0 ? 0 : windows.size() - third) +
                  static_cast<size_t>(random.below(static_cast<int>(third)))]);
      make_unit(ends[label].back());
      Row& row = noise[label].emplace_back(width);
      for (double& v : row) v = kNoise * random.normal();
    }
  }
  // The spread is almost proportional to the lean, so a few proportional steps
  // reach the target.
  double lean = 0.1;
  std::vector<Row> prompts[2];
  for (int step = 0; step < kLeanSteps; ++step) {
    for (int label = 0; label < 2; ++label) {
      prompts[label].clear();
      for (int p = 0; p < kSide; ++p) {
        Row prompt(width);
        add(prompt, kShared, shared);
        add(prompt, lean, ends[label][p]);
        add(prompt, 1, noise[label][p]);
        make_unit(prompt);
        prompts[label].push_back(std::move(prompt));
      }
    }
    const double spread = logit_spread(windows, prompts);
    if (step + 1 < kLeanSteps && spread > 0) lean *= kSpread / spread;
  }
  return {flat(prompts[0]), flat(prompts[1])};
}

}  // namespace alfa::bench
