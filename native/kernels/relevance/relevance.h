// Relevance of a segment's rows to a scalar that depends on its class row
// (Chefer et al. 2021, restricted to the last layer; docs/method.md,
// "Recipes", trans-mm). It is the class row's attention times the scalar's
// gradient with respect to that attention:
//   A_h = softmax(q_h k_h^T / sqrt(head_width)), the class row's attention
//   o = concatenation over heads h of A_h v_h
//   g = gradient of the scalar with respect to o
//   relevance_j = mean over heads h of max(0, A_hj * (v_hj . g_h))
#pragma once
#include <cstdint>

namespace alfa::kernels {

// width = heads * head_width. T packed rows in `segments` segments.
struct Relevance {
  const float* q;  // [segments, width], the queries of the class rows
  const float* k;  // [T, width]
  const float* v;  // [T, width]
  const int32_t* cu_seqlens;  // [segments + 1]
  const int32_t* segment;     // [count], the segment of each gradient
  const float* gradient;      // [count, width], g
  int count, heads, head_width;
  int length;  // rows of a segment; equal for all segments in `segment`
  float* out;  // [count, length]
};

// In double, on the calling thread. Throws nothing.
void relevance(const Relevance& task);

}  // namespace alfa::kernels
