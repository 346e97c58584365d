#include <algorithm>
#include <vector>

#include "kernels/absorbed_attention/absorbed_attention.h"
#include "kernels/dot.h"
#include "kernels/size.h"
#include "kernels/softmax.h"

namespace alfa::kernels {
namespace {

// Few enough for their rows to stay in the cache while each head reads them.
constexpr int kSegmentsPerTask = 4;

// out = sum of weights[j] * x row j. Four rows at a time, so that `out` is read
// and written a quarter as often.
ALFA_INLINE void weighted_sum(const float* __restrict x,
                              const float* __restrict weights, int length,
                              int width, float* __restrict out) {
  constexpr int kRows = 4;
  for (int i = 0; i < width; ++i) out[i] = 0;
  int j = 0;
  for (; j + kRows <= length; j += kRows, x += row_offset(kRows, width)) {
    const float* a = x;
    const float* b = a + width;
    const float* c = b + width;
    const float* d = c + width;
    const float wa = weights[j];
    const float wb = weights[j + 1];
    const float wc = weights[j + 2];
    const float wd = weights[j + 3];
    for (int i = 0; i < width; ++i)
      out[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
  }
  for (; j < length; ++j, x += width)
    for (int i = 0; i < width; ++i) out[i] += weights[j] * x[i];
}

// weights [padded(length)] is scratch memory.
ALFA_MULTIVERSION void attend(const AbsorbedAttention& t, int segment, int head,
                              float* weights) {
  const int begin = t.cu_seqlens[segment];
  const int length = t.cu_seqlens[segment + 1] - begin;
  const ptrdiff_t offset =
      row_offset(row_offset(head, t.segments) + segment, t.width);
  const float* q = t.q + offset;
  const float* x = t.x + row_offset(begin, t.width);
  for (int j = 0; j < length; ++j)
    weights[j] =
        dot<Tail::kAllSums>(q, x + row_offset(j, t.width), t.width) * t.scale;
  const float norm = softmax_numerators(weights, length);
  for (int j = 0; j < length; ++j) weights[j] *= norm;
  weighted_sum(x, weights, length, t.width, t.out + offset);
}

}  // namespace

void absorbed_attention(const AbsorbedAttention& t,
                        const ParallelFor& parallel_for) {
  const int tasks = (t.segments + kSegmentsPerTask - 1) / kSegmentsPerTask;
  parallel_for(to_size(tasks), [&](size_t task) {
    thread_local std::vector<float> weights;
    const int first = static_cast<int>(task) * kSegmentsPerTask;
    const int last = std::min(first + kSegmentsPerTask, t.segments);
    for (int s = first; s < last; ++s) {
      const int length = t.cu_seqlens[s + 1] - t.cu_seqlens[s];
      if (weights.size() < to_size(padded(length)))
        weights.resize(to_size(padded(length)));
      for (int head = 0; head < t.heads; ++head)
        attend(t, s, head, weights.data());
    }
  });
}

}  // namespace alfa::kernels
