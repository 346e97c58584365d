// A graph of square matrix products alone: y = a B, `depth` times over, in one
// precision.
#pragma once
#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace alfa::bench {

// Owns B, to which the graph refers. Its entries have the deviation 1 /
// sqrt(side), so that a keeps its size at any depth. "fp32" | "fp16" (a GPU's):
// input `a` and output `y` [side, side] of that element; "int8": `a` uint8, `y`
// int32, depth 1.
struct ProductGraph {
  ProductGraph(const std::string& precision, int side, int depth);
  ProductGraph(const ProductGraph&) = delete;
  std::vector<float> weight;
  std::vector<int8_t> int8_weight;
  Graph graph;
};

}  // namespace alfa::bench
