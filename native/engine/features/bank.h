// The memory bank: feature rows of normal images, and the distance of a query
// from them (docs/method.md, "Reference images").
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine.h"
#include "engine/features/levels.h"
#include "kernels/nearest/nearest.h"
#include "kernels/parallel_for.h"

namespace alfa {

// Everything that the rows depend on. A bank fits a category whose key is
// equal.
struct BankKey {
  FeatureSettings features;
  std::vector<int> scales;  // of the windows; empty without them
  Mask mask = Mask::kDrop;
  Fit fit = Fit::kSquash;
  Tile tile;
  std::string model;  // hash
  bool operator==(const BankKey&) const = default;
};

class Bank {
 public:
  BankKey key;
  int images = 0;  // references
  std::vector<kernels::PackedRows> levels;
};

// Collects the rows of reference images in bounded memory: a level that reaches
// twice max_entries rows is reduced to max_entries by a greedy coreset.
class BankBuilder {
 public:
  BankBuilder(BankKey key, BankSettings settings)
      : key_(std::move(key)), settings_(settings) {}
  const BankKey& key() const { return key_; }
  const BankSettings& settings() const { return settings_; }

  // Adds the levels of one view.
  void add(std::vector<LevelRows> levels,
           const kernels::ParallelFor& parallel_for);
  void count_image() { ++images_; }

  // Empties the builder. Throws Error(kRange) if no image was added.
  std::shared_ptr<const Bank> finish(const kernels::ParallelFor& parallel_for);

 private:
  void reduce(LevelRows& rows, int count,
              const kernels::ParallelFor& parallel_for) const;

  BankKey key_;
  BankSettings settings_;
  int images_ = 0;
  std::vector<LevelRows> levels_;
  std::vector<int64_t> added_;  // rows that were added to each level
};

struct BankScore {
  std::vector<float> map;  // [grid*grid], the mean over the levels
  float largest = 0;       // the map's maximum
  float reweighted = 0;    // PatchCore's image score, of the first level
};

// `query`: the levels of a view, as bank_levels returns them.
BankScore score_against(const Bank& bank, const std::vector<LevelRows>& query,
                        const Settings& settings, int grid,
                        const kernels::ParallelFor& parallel_for);

}  // namespace alfa
