#include "engine/features/bank.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/coreset/coreset.h"
#include "kernels/harmonic_map/harmonic_map.h"

namespace alfa {
namespace {

constexpr int kNeighbours = 9;  // b of PatchCore's re-weighting

// 1 - softmax over the bank rows nearest to the query's own nearest, at that
// one (PatchCore, eq. 7): a query whose nearest row lies alone is less
// surprising.
float surprise(const float* query, int nearest_row,
               const kernels::PackedRows& bank) {
  const int count = std::min(kNeighbours, bank.count);
  if (count < 2) return 1;
  std::vector<float> row(static_cast<size_t>(bank.width)),
      near(static_cast<size_t>(bank.count)), far(near.size());
  kernels::unpack_row(bank, nearest_row, row.data());
  kernels::similarities(row.data(), bank, near.data());
  kernels::similarities(query, bank, far.data());
  near[static_cast<size_t>(nearest_row)] =
      std::numeric_limits<float>::infinity();  // itself first, whatever
                                               // rounding says
  std::vector<int> order(near.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](int a, int b) {
                      return near[a] != near[b] ? near[a] > near[b] : a < b;
                    });
  const auto power = [&](int r) {
    return std::exp(2.0 *
                    static_cast<double>(kernels::distance_of(
                        Distance::kEuclidean, far[static_cast<size_t>(r)])));
  };
  double total = 0;
  for (int i = 0; i < count; ++i) total += power(order[i]);
  return static_cast<float>(1 - power(nearest_row) / total);
}

}  // namespace

void BankBuilder::add(std::vector<Rows> levels,
                      const kernels::ParallelFor& parallel_for) {
  if (levels_.empty()) {
    levels_.resize(levels.size());
    seen_.resize(levels.size());
  }
  for (size_t l = 0; l < levels.size(); ++l) {
    Rows& own = levels_[l];
    const std::span<const float> added(
        levels[l].data(),
        static_cast<size_t>(levels[l].count) * levels[l].width);
    for (const float v : added)
      if (!std::isfinite(v))
        throw Error(Code::kRange,
                    "Expected finite features of a reference image but found "
                    "NaN or infinity.");
    own.width = levels[l].width;
    own.count += levels[l].count;
    own.own.insert(own.own.end(), added.begin(), added.end());
    seen_[l] += levels[l].count;
    if (own.count >= 2 * static_cast<int64_t>(settings_.max_entries))
      reduce(own, settings_.max_entries, parallel_for);
  }
}

void BankBuilder::reduce(Rows& rows, int keep,
                         const kernels::ParallelFor& parallel_for) const {
  if (rows.count <= keep) return;
  const auto kept =
      kernels::greedy_coreset(rows.own.data(), rows.count, rows.width, keep,
                              settings_.seed, parallel_for);
  const size_t width = static_cast<size_t>(rows.width);
  for (size_t i = 0; i < kept.size();
       ++i)  // ascending, so that nothing is overwritten before it is moved
    std::copy_n(rows.own.begin() + static_cast<ptrdiff_t>(
                                       static_cast<size_t>(kept[i]) * width),
                width, rows.own.begin() + static_cast<ptrdiff_t>(i * width));
  rows.count = keep;
  rows.own.resize(static_cast<size_t>(keep) * width);
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
    const double share = std::ceil(static_cast<double>(settings_.share) *
                                       static_cast<double>(seen_[l]) -
                                   1e-4);
    reduce(levels_[l],
           static_cast<int>(std::clamp(
               share, 1.0, static_cast<double>(settings_.max_entries))),
           parallel_for);
    bank->levels.push_back(kernels::pack_rows(
        levels_[l].own.data(), levels_[l].count, levels_[l].width));
    levels_[l] = {};
  }
  *this = BankBuilder(key_, settings_);
  return bank;
}

BankScore score_against(const Bank& bank, const std::vector<Rows>& query,
                        const Settings& settings, int grid,
                        const kernels::ParallelFor& parallel_for) {
  const size_t cells = static_cast<size_t>(grid) * grid;
  std::vector<double> sum(cells);
  BankScore score;
  score.map.resize(cells);
  const size_t patch_levels =
      query.size() - (settings.features.windows ? settings.scales.size() : 0);
  std::vector<std::vector<float>> found(query.size());
  std::vector<int32_t> index(static_cast<size_t>(query[0].count));
  std::vector<kernels::Search> searches;
  for (size_t l = 0; l < query.size(); ++l) {
    found[l].resize(static_cast<size_t>(query[l].count));
    searches.push_back({query[l].data(), query[l].count, &bank.levels[l],
                        found[l].data(), l == 0 ? index.data() : nullptr});
  }
  kernels::find_nearest(searches, parallel_for);
  for (size_t l = 0; l < query.size(); ++l) {
    const Rows& rows = query[l];
    std::vector<float>& distance = found[l];
    for (float& d : distance)
      d = kernels::distance_of(settings.bank.distance, d);
    if (l == 0 && settings.image_score == ImageScore::kReweighted) {
      const size_t worst = static_cast<size_t>(
          std::max_element(distance.begin(), distance.end()) -
          distance.begin());
      score.reweighted =
          distance[worst] *
          surprise(rows.data() + worst * static_cast<size_t>(rows.width),
                   index[worst], bank.levels[l]);
    }
    if (l >= patch_levels) {
      std::vector<float> map(cells);
      kernels::scale_map(distance.data(), grid,
                         settings.scales[l - patch_levels], map.data());
      distance = std::move(map);
    }
    for (size_t p = 0; p < cells; ++p)
      sum[p] += static_cast<double>(distance[p]);
  }
  for (size_t p = 0; p < cells; ++p)
    score.map[p] =
        static_cast<float>(sum[p] / static_cast<double>(query.size()));
  score.largest = *std::max_element(score.map.begin(), score.map.end());
  return score;
}

}  // namespace alfa
