// One window through WindowAligner.
#pragma once
#include <vector>

#include "check/device.h"
#include "kernels/aligner/aligner.h"

namespace alfa::check {

// a [rows, E]; segment: the rows of the window; b [n, E]; direction and out
// [2, E].
inline void align_window(kernels::Aligner aligner, float lambda, const float* a,
                         int rows, std::span<const int32_t> segment,
                         const float* b, int embed_dim, const float* direction,
                         float* out) {
  const kernels::WindowAligner windows(aligner, lambda, a, rows, embed_dim,
                                       direction, {&segment, 1},
                                       make_parallel_for(1));
  windows.align(segment, b, out);
}

}  // namespace alfa::check
