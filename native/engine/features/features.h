// What one view of an image (the whole, a tile, a turned reference) brings out
// of the forward. Borrowed from its outputs.
#pragma once
#include <utility>
#include <vector>

#include "engine.h"
#include "engine/features/packing.h"
#include "graph/graph.h"

namespace alfa {

struct Features {
  const float* embedding = nullptr;  // [1 + windows, E], the whole view first
  const float* value = nullptr;      // [T, E] over the view's packed rows; null
                                     // where not asked for, as all below
  const float* raw_value = nullptr;  // [T, E]
  const float* path = nullptr;       // [R, E], R = prefix + grid*grid
  std::vector<std::pair<int, const float*>>
      hidden;  // per layer asked for, [R, width]
  const Segments* segments = nullptr;
  int embed_dim = 0, width = 0;

  int grid() const { return segments->grid; }
  int prefix() const { return segments->prefix; }
  const float* layer(
      int layer) const {  // [grid*grid, width], the patches alone
    for (const auto& [l, rows] : hidden)
      if (l == layer) return rows + static_cast<ptrdiff_t>(prefix()) * width;
    return nullptr;
  }
};

// What categories want of a forward.
struct Demand {
  std::vector<int> scales;  // rising
  ImageOutputs outputs;
  void add(const Category& category);
  void add(const Settings& settings);  // the rows of a bank alone
};

}  // namespace alfa
