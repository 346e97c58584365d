// How much arithmetic a detection's forward is: what the graph of
// graph/image_graph.cc multiplies, counted from the architecture. A multiply
// and an add are two. Attention's softmax, LayerNorm, GELU and sums are left
// out: together they are under a hundredth of it at full size.
#pragma once
#include <span>

#include "checkpoint/architecture.h"

namespace alfa::bench {

struct ForwardFlops {    // of one image; a batch is so many times as much
  double products = 0;   // of rows with weights
  double attention = 0;  // q k^T and its product with v
  double total() const { return products + attention; }
};

// `value`: whether the values of every packed row are projected too, as the
// aligner wants them.
ForwardFlops forward_flops(const VisionTower& tower, int embed_dim,
                           std::span<const int> scales, bool value);

}  // namespace alfa::bench
