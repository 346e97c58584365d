// The rows that a bank holds and that a query brings, level by level (method
// sec. 8).
#pragma once
#include "engine/features/features.h"

namespace alfa {

struct Rows {  // [count, width], unit rows: its own, or windows that lie in the
               // view's features
  int count = 0, width = 0;
  std::vector<float> own;
  const float* borrowed = nullptr;
  const float* data() const { return borrowed ? borrowed : own.data(); }
};

// Levels: each layer (or all joined) x neighbourhood, patches row-major; then,
// with windows, the embeddings of each scale.
std::vector<Rows> bank_levels(const Features& f, const Settings& settings);

// One patch level of standardised or plain tokens: `tokens[l]` [grid*grid,
// width] per layer that the level joins.
Rows patch_level(const std::vector<const float*>& tokens, int grid, int width,
                 int neighbourhood);

}  // namespace alfa
