#include <algorithm>
#include <vector>

#include "kernels/absorbed_attention/absorbed_attention.h"
#include "kernels/dot.h"
#include "kernels/softmax.h"

namespace alfa::kernels {
namespace {

constexpr int kSegmentsPerTask =
    4;  // whose rows stay in the cache while head after head reads them
constexpr int kRows = 4;  // that are added up at once

// out = sum of weights[j] * x row j
ALFA_INLINE void mix(const float* __restrict x, const float* __restrict weights,
                     int length, int width, float* __restrict out) {
  for (int i = 0; i < width; ++i) out[i] = 0;
  int j = 0;
  for (; j + kRows <= length;
       j += kRows, x += kRows * static_cast<ptrdiff_t>(width)) {
    const float *a = x, *b = a + width, *c = b + width, *d = c + width;
    const float wa = weights[j], wb = weights[j + 1], wc = weights[j + 2],
                wd = weights[j + 3];
    for (int i = 0; i < width; ++i)
      out[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
  }
  for (; j < length; ++j, x += width)
    for (int i = 0; i < width; ++i) out[i] += weights[j] * x[i];
}

ALFA_MULTIVERSION void mix_segment(const AbsorbedAttention& t, int segment,
                                   int head, float* weights) {
  const int length = t.cu_seqlens[segment + 1] - t.cu_seqlens[segment];
  const ptrdiff_t at =
      (static_cast<ptrdiff_t>(head) * t.segments + segment) * t.width;
  const float* x =
      t.x + t.cu_seqlens[segment] * static_cast<ptrdiff_t>(t.width);
  for (int j = 0; j < length; ++j)
    weights[j] =
        dot<Tail::kAllSums>(t.q + at, x + static_cast<ptrdiff_t>(j) * t.width,
                            t.width) *
        t.scale;
  const float norm = softmax_numerators(weights, length);
  for (int j = 0; j < length; ++j) weights[j] *= norm;
  mix(x, weights, length, t.width, t.out + at);
}

}  // namespace

void absorbed_attention(const AbsorbedAttention& t,
                        const ParallelFor& parallel_for) {
  parallel_for(static_cast<size_t>((t.segments + kSegmentsPerTask - 1) /
                                   kSegmentsPerTask),
               [&](size_t task) {
                 thread_local std::vector<float> weights;
                 const int first = static_cast<int>(task) * kSegmentsPerTask,
                           last =
                               std::min(first + kSegmentsPerTask, t.segments);
                 for (int s = first; s < last; ++s) {
                   const auto length = static_cast<size_t>(
                       padded(t.cu_seqlens[s + 1] - t.cu_seqlens[s]));
                   if (weights.size() < length) weights.resize(length);
                   for (int head = 0; head < t.heads; ++head)
                     mix_segment(t, s, head, weights.data());
                 }
               });
}

}  // namespace alfa::kernels
