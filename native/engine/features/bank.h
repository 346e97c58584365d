// The memory bank: rows of normal images, level by level, and how far a query
// lies from them (method sec. 8).
#pragma once
#include "engine/features/levels.h"
#include "kernels/nearest/nearest.h"

namespace alfa {

// What rows depend on: a bank serves the categories whose key is its own.
struct BankKey {
  FeatureSettings features;
  std::vector<int> scales;  // with windows
  Mask mask = Mask::kDrop;
  Fit fit = Fit::kSquash;
  Tile tile;
  std::string model;  // hash
  bool operator==(const BankKey&) const = default;
};

class Bank {
 public:
  BankKey key;
  int images = 0;  // references that it was made of
  std::vector<kernels::PackedRows> levels;
};

// Grows by the rows of references in bounded memory: a level that reaches twice
// max_entries is reduced to max_entries.
class BankBuilder {
 public:
  BankBuilder(BankKey key, BankSettings settings)
      : key_(std::move(key)), settings_(settings) {}
  const BankKey& key() const { return key_; }
  const BankSettings& settings() const { return settings_; }

  void add(std::vector<Rows> levels, const kernels::ParallelFor& parallel_for);
  void count_image() { ++images_; }
  // Error(kRange) where nothing was added. The builder is empty afterwards.
  std::shared_ptr<const Bank> finish(const kernels::ParallelFor& parallel_for);

 private:
  void reduce(Rows& rows, int keep,
              const kernels::ParallelFor& parallel_for) const;

  BankKey key_;
  BankSettings settings_;
  int images_ = 0;
  std::vector<Rows> levels_;
  std::vector<int64_t> seen_;  // rows ever added, per level
};

struct BankScore {
  std::vector<float> map;  // [grid*grid], the mean over levels
  float largest = 0;       // its maximum
  float reweighted = 0;    // PatchCore's image score, over the first level
};

BankScore score_against(const Bank& bank, const std::vector<Rows>& query,
                        const Settings& settings, int grid,
                        const kernels::ParallelFor& parallel_for);

}  // namespace alfa
