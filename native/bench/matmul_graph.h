// A graph of square matmuls: y = a B^depth, in one precision.
#pragma once
#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace alfa::bench {

// Owns B, to which the graph refers. The entries of B have the standard
// deviation 1 / sqrt(side), so that values keep their size at any depth. Input
// `a` and output `y` are [side, side]:
// - "fp32", "fp16" (GPU only): both of that type.
// - "int8": `a` is uint8, `y` is int32, and depth must be 1.
struct MatmulGraph {
  MatmulGraph(const std::string& precision, int side, int depth);
  MatmulGraph(const MatmulGraph&) = delete;
  std::vector<float> weight;
  std::vector<int8_t> int8_weight;
  Graph graph;
};

}  // namespace alfa::bench
