// Relevance of a segment's rows to what its class row says (Chefer et al. 2021,
// the last layer alone): the gradient of a scalar with respect to the class
// row's attention, times the attention, positive parts, mean over heads.
//   A_h = softmax(q_h k_h^T / sqrt(head_width)) of the class row;   o =
//   concat_h A_h v_h;   g = d scalar / d o relevance_j = mean over heads of
//   max(0, A_hj <v_hj, g_h>)
#pragma once
#include <cstdint>

namespace alfa::kernels {

struct Relevance {
  const float* q;             // [segments, width]: the class rows' queries
  const float* k;             // [T, width]
  const float* v;             // [T, width]
  const int32_t* cu_seqlens;  // [segments + 1]
  const int32_t* segment;  // [count]: the segment that each gradient belongs to
  const float* gradient;   // [count, width]: g
  int count, heads, head_width;
  int length;  // rows of each of those segments
  float* out;  // [count, length]
};

void relevance(const Relevance& task);

}  // namespace alfa::kernels
