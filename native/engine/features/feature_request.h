// What the categories of a batch need from one forward.
#pragma once
#include <vector>

#include "engine.h"
#include "graph/graph.h"

namespace alfa {

struct FeatureRequest {
  std::vector<int> scales;  // of windows, ascending
  ImageOutputs outputs;

  // Adds everything that scoring the category needs.
  void add(const Category& category);
  // Adds the features of the memory bank only.
  void add_bank(const Settings& settings);

  bool operator==(const FeatureRequest&) const = default;
};

}  // namespace alfa
