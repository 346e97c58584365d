#include "engine/features/bank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "kernels/coreset/coreset.h"
#include "kernels/harmonic_map/harmonic_map.h"

namespace alfa {
namespace {

// b of PatchCore's re-weighting.
constexpr int kNeighbours = 9;

// PatchCore's weight of an image score (eq. 7): 1 minus the softmax, at the
// bank row nearest to the query, over the bank rows nearest to that row. A
// query whose nearest row has no close neighbours gets a lower weight.
float reweighting(const float* query, int nearest_row,
                  const kernels::PackedRows& bank) {
  const size_t rows = static_cast<size_t>(bank.count);
  const size_t count = std::min<size_t>(kNeighbours, rows);
  if (count < 2) return 1;
  std::vector<float> row(static_cast<size_t>(bank.width));
  std::vector<float> to_row(rows), to_query(rows);
  kernels::unpack_row(bank, nearest_row, row.data());
  kernels::similarities(row.data(), bank, to_row.data());
  kernels::similarities(query, bank, to_query.data());
  // The row itself must come first, despite rounding.
  to_row[static_cast<size_t>(nearest_row)] =
      std::numeric_limits<float>::infinity();
  std::vector<size_t> order(rows);
  std::iota(order.begin(), order.end(), size_t{0});
  std::partial_sort(
      order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
      [&](size_t a, size_t b) {
        return to_row[a] != to_row[b] ? to_row[a] > to_row[b] : a < b;
      });
  const auto power = [&](size_t r) {
    const float distance =
        kernels::distance_of(Distance::kEuclidean, to_query[r]);
    return std::exp(2.0 * static_cast<double>(distance));
  };
  double total = 0;
  for (size_t i = 0; i < count; ++i) total += power(order[i]);
  return static_cast<float>(1 -
                            power(static_cast<size_t>(nearest_row)) / total);
}

void check_finite(std::span<const float> rows) {
  for (const float v : rows)
    if (!std::isfinite(v))
      throw Error(Code::kRange,
                  "Expected finite features of a reference image but found NaN "
                  "or infinity.");
}

}  // namespace

void BankBuilder::add(std::vector<LevelRows> levels,
                      const kernels::ParallelFor& parallel_for) {
  if (levels_.empty()) {
    levels_.resize(levels.size());
    added_.resize(levels.size());
  }
  for (size_t l = 0; l < levels.size(); ++l) {
    const std::span<const float> rows(levels[l].data(), levels[l].size());
    check_finite(rows);
    LevelRows& level = levels_[l];
    level.width = levels[l].width;
    level.count += levels[l].count;
    level.owned.insert(level.owned.end(), rows.begin(), rows.end());
    added_[l] += levels[l].count;
    if (level.count >= 2 * static_cast<int64_t>(settings_.max_entries))
      reduce(level, settings_.max_entries, parallel_for);
  }
}

void BankBuilder::reduce(LevelRows& rows, int count,
                         const kernels::ParallelFor& parallel_for) const {
  if (rows.count <= count) return;
  const auto kept =
      kernels::greedy_coreset(rows.owned.data(), rows.count, rows.width, count,
                              settings_.seed, parallel_for);
  const ptrdiff_t width = rows.width;
  // The kept rows ascend, so no row is overwritten before it is moved.
  auto out = rows.owned.begin();
  for (const auto row : kept)
    out = std::copy_n(rows.owned.begin() + static_cast<ptrdiff_t>(row) * width,
                      width, out);
  rows.count = count;
  rows.owned.resize(rows.size());
}

std::shared_ptr<const Bank> BankBuilder::finish(
    const kernels::ParallelFor& parallel_for) {
  if (images_ == 0)
    throw Error(Code::kRange,
                "Expected at least one reference image but received none.");
  auto bank = std::make_shared<Bank>();
  bank->key = key_;
  bank->images = images_;
  for (size_t l = 0; l < levels_.size(); ++l) {
    // The small number undoes rounding, so that 0.1 of 10 rows is 1 row.
    const double fraction =
        static_cast<double>(settings_.share) * static_cast<double>(added_[l]);
    const double count = std::clamp(std::ceil(fraction - 1e-4), 1.0,
                                    static_cast<double>(settings_.max_entries));
    reduce(levels_[l], static_cast<int>(count), parallel_for);
    bank->levels.push_back(kernels::pack_rows(
        levels_[l].owned.data(), levels_[l].count, levels_[l].width));
    levels_[l] = {};  // frees its memory before the next level is packed
  }
  *this = BankBuilder(key_, settings_);
  return bank;
}

BankScore score_against(const Bank& bank, const std::vector<LevelRows>& query,
                        const Settings& settings, int grid,
                        const kernels::ParallelFor& parallel_for) {
  const size_t patches = static_cast<size_t>(grid) * static_cast<size_t>(grid);
  const size_t window_levels =
      settings.features.windows ? settings.scales.size() : 0;
  const size_t patch_levels = query.size() - window_levels;
  std::vector<std::vector<float>> distances(query.size());
  std::vector<int32_t> nearest_row(static_cast<size_t>(query[0].count));
  std::vector<kernels::Search> searches;
  for (size_t l = 0; l < query.size(); ++l) {
    distances[l].resize(static_cast<size_t>(query[l].count));
    searches.push_back({query[l].data(), query[l].count, &bank.levels[l],
                        distances[l].data(),
                        l == 0 ? nearest_row.data() : nullptr});
  }
  kernels::find_nearest(searches, parallel_for);
  for (auto& level : distances)
    for (float& d : level) d = kernels::distance_of(settings.bank.distance, d);

  BankScore score;
  if (settings.image_score == ImageScore::kReweighted) {
    const auto& level = distances[0];
    const auto worst = std::max_element(level.begin(), level.end());
    const ptrdiff_t row = worst - level.begin();
    score.reweighted =
        *worst * reweighting(query[0].data() + row * query[0].width,
                             nearest_row[static_cast<size_t>(row)],
                             bank.levels[0]);
  }
  std::vector<double> sum(patches);
  std::vector<float> window_map(patches);
  for (size_t l = 0; l < query.size(); ++l) {
    const float* map = distances[l].data();
    if (l >= patch_levels) {
      kernels::scale_map(map, grid, settings.scales[l - patch_levels],
                         window_map.data());
      map = window_map.data();
    }
    for (size_t p = 0; p < patches; ++p) sum[p] += static_cast<double>(map[p]);
  }
  for (const double s : sum)
    score.map.push_back(
        static_cast<float>(s / static_cast<double>(query.size())));
  score.largest = *std::max_element(score.map.begin(), score.map.end());
  return score;
}

}  // namespace alfa
