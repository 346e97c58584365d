// The levels of a memory bank: rows that are searched together (docs/method.md,
// "Reference images").
#pragma once
#include <vector>

#include "engine.h"
#include "engine/features/features.h"

namespace alfa {

// [count, width], unit rows. Owns them, or borrows them from the features.
struct LevelRows {
  int count = 0, width = 0;
  std::vector<float> owned;
  const float* borrowed = nullptr;
  const float* data() const { return borrowed ? borrowed : owned.data(); }
  size_t size() const {
    return static_cast<size_t>(count) * static_cast<size_t>(width);
  }
};

// The levels of one view. First the patches, for each neighbourhood: one level
// for each layer, or one for all layers joined. Then, with windows, the
// embeddings of each scale.
std::vector<LevelRows> bank_levels(const Features& f, const Settings& settings);

// One level of patches, row by row. `tokens`: [grid*grid, width] of each layer
// that the level joins.
LevelRows patch_level(const std::vector<const float*>& tokens, int grid,
                      int width, int neighbourhood);

}  // namespace alfa
