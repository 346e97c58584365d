#include "kernels/segment_attention/segment_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/exp.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

// Segments that one task takes: short windows are a few hundred nanoseconds each, too little for a task of their own.
constexpr int kSegmentsPerTask = 32;

// 16 partial sums: what GCC turns into one AVX-512 register or two AVX2 ones.
ALFA_INLINE float dot(const float* __restrict a, const float* __restrict b, int n) {
  float sum[16] = {};
  int i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; ++j) sum[j] += a[i + j] * b[i + j];
  for (; i < n; ++i) sum[i & 15] += a[i] * b[i];
  for (int step = 8; step > 0; step /= 2)
    for (int j = 0; j < step; ++j) sum[j] += sum[j + step];
  return sum[0];
}

struct Head {  // one head of one segment; `row[j]` is where key j lies
  const float *q, *k, *v;
  float* out;
  ptrdiff_t q_stride, kv_stride, out_stride;
  int length, width;
  float scale;
};

// One query against keys [0, seen).
ALFA_INLINE void attend(const Head& h, const float* q, const int32_t* row, int seen, float* weights, float* __restrict out) {
  float largest = -INFINITY;
  for (int j = 0; j < seen; ++j) {
    weights[j] = dot(q, h.k + row[j] * h.kv_stride, h.width) * h.scale;
    largest = std::max(largest, weights[j]);
  }
  for (int j = 0; j < seen; ++j) weights[j] = exp_nonpositive(weights[j] - largest);
  float total = 0;
  for (int j = 0; j < seen; ++j) total += weights[j];
  const float norm = 1.0f / total;
  for (int d = 0; d < h.width; ++d) out[d] = 0;
  for (int j = 0; j < seen; ++j) {
    const float w = weights[j] * norm;
    const float* __restrict v = h.v + row[j] * h.kv_stride;
    for (int d = 0; d < h.width; ++d) out[d] += w * v[d];
  }
}

ALFA_MULTIVERSION void attend_segments(const SegmentAttention& a, int head, int first, int last, int32_t* row, float* weights) {
  const int width = a.head_width;
  const ptrdiff_t out_stride = static_cast<ptrdiff_t>(a.heads) * width, column = static_cast<ptrdiff_t>(head) * width;
  const Head h{a.q + column, a.k + column, a.v + column, a.out + column, a.q_stride, a.kv_stride, out_stride, 0, width,
               1.0f / std::sqrt(static_cast<float>(width))};
  for (int s = first; s < last; ++s) {
    const int begin = a.cu[s], length = a.cu[s + 1] - begin;
    for (int j = 0; j < length; ++j) row[j] = a.rows ? a.rows[begin + j] : begin + j;
    if (a.queries == Queries::kOne) {
      attend(h, h.q + s * h.q_stride, row, length, weights, h.out + s * out_stride);
      continue;
    }
    for (int i = 0; i < length; ++i)
      attend(h, h.q + row[i] * h.q_stride, row, a.causal ? i + 1 : length, weights, h.out + (begin + i) * out_stride);
  }
}

}  // namespace

void segment_attention(const SegmentAttention& a, const ParallelFor& parallel_for) {
  if (a.segments == 0) return;
  int longest = 0;
  for (int s = 0; s < a.segments; ++s) longest = std::max(longest, a.cu[s + 1] - a.cu[s]);
  const size_t chunks = (a.segments + kSegmentsPerTask - 1) / kSegmentsPerTask;
  parallel_for(chunks * a.heads, [&](size_t task) {
    thread_local std::vector<int32_t> row;
    thread_local std::vector<float> weights;
    if (row.size() < static_cast<size_t>(longest)) {
      row.resize(longest);
      weights.resize(longest);
    }
    const int head = static_cast<int>(task % a.heads), first = static_cast<int>(task / a.heads) * kSegmentsPerTask;
    attend_segments(a, head, first, std::min(first + kSegmentsPerTask, a.segments), row.data(), weights.data());
  });
}

}  // namespace alfa::kernels
