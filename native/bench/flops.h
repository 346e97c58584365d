// The floating-point operations of a detection's forward, counted from the
// architecture as graph/image_graph.cc multiplies. A multiply and an add count
// as two. Softmax, LayerNorm, GELU and sums are left out: together they are
// below 1% at full size.
#pragma once
#include <span>

#include "checkpoint/architecture.h"

namespace alfa::bench {

struct ForwardFlops {    // of one image
  double matmuls = 0;    // of rows with weights
  double attention = 0;  // q k^T, and its matmul with v
  double total() const { return matmuls + attention; }
};

// `value`: the values of every packed row are projected too, which the aligner
// needs.
ForwardFlops forward_flops(const VisionTower& tower, int embed_dim,
                           std::span<const int> scales, bool value);

}  // namespace alfa::bench
