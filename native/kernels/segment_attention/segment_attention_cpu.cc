#include "kernels/segment_attention/segment_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/attention_row.h"

namespace alfa::kernels {
namespace {

// Segments that one task takes: short windows are a few hundred nanoseconds each, too little for a task of their own.
constexpr int kSegmentsPerTask = 32;

// One AVX-512 register, two of AVX2 or four of SSE: sums run side by side, none across a register.
constexpr int kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));  // where a float may lie

struct Head {  // one head of one segment; `row[j]` is where key j lies
  const float *q, *k, *v;
  float* out;
  ptrdiff_t q_stride, kv_stride;
  int width;
  float scale;
};

// out = norm * sum of weights[j] * value row j, a register-sized piece of the head at a time.
template <int pieces>
ALFA_INLINE void mix_piece(const Head& h, const int32_t* row, int seen, const float* weights, float norm, int d, float* out) {
  Lanes sum[pieces] = {};
  for (int j = 0; j < seen; ++j) {
    const float* v = h.v + row[j] * h.kv_stride + d;
    for (int p = 0; p < pieces; ++p) sum[p] += weights[j] * reinterpret_cast<const Lanes*>(v)[p];
  }
  for (int p = 0; p < pieces; ++p) reinterpret_cast<Lanes*>(out + d)[p] = sum[p] * norm;
}

ALFA_INLINE void mix(const Head& h, const int32_t* row, int seen, const float* weights, float norm, float* out) {
  int d = 0;
  for (; d + 4 * kLanes <= h.width; d += 4 * kLanes) mix_piece<4>(h, row, seen, weights, norm, d, out);
  for (; d + kLanes <= h.width; d += kLanes) mix_piece<1>(h, row, seen, weights, norm, d, out);
  for (; d < h.width; ++d) {
    float sum = 0;
    for (int j = 0; j < seen; ++j) sum += weights[j] * h.v[row[j] * h.kv_stride + d];
    out[d] = sum * norm;
  }
}

// One query against keys [0, seen).
ALFA_INLINE void attend(const Head& h, const float* q, const int32_t* row, int seen, float* weights, float* __restrict out) {
  for (int j = 0; j < seen; ++j) weights[j] = dot(q, h.k + row[j] * h.kv_stride, h.width) * h.scale;
  mix(h, row, seen, weights, soften(weights, seen), out);
}

constexpr int kQueries = 4;  // queries that share a load of keys

constexpr int padded(int length) { return (length + kLanes - 1) / kLanes * kLanes; }

// keys [length, width] -> columns [width, padded], the rest 0
ALFA_INLINE void turn_keys(const Head& h, const int32_t* row, int length, float* __restrict columns) {
  const int stride = padded(length);
  for (int j = 0; j < length; ++j) {
    const float* __restrict k = h.k + row[j] * h.kv_stride;
    for (int d = 0; d < h.width; ++d) columns[static_cast<ptrdiff_t>(d) * stride + j] = k[d];
  }
  for (int d = 0; d < h.width; ++d)
    for (int j = length; j < stride; ++j) columns[static_cast<ptrdiff_t>(d) * stride + j] = 0;
}

// Scores of `count` (at most kQueries) queries against all keys: scores[i * padded + j].
template <int count>
ALFA_INLINE void score_queries(const Head& h, const int32_t* query_row, int length, const float* columns, float* scores) {
  const int stride = padded(length);
  const float* q[count];
  for (int i = 0; i < count; ++i) q[i] = h.q + query_row[i] * h.q_stride;
  for (int j = 0; j < stride; j += kLanes) {
    Lanes sum[count] = {};
    const float* column = columns + j;
    for (int d = 0; d < h.width; ++d, column += stride) {
      const Lanes& k = *reinterpret_cast<const Lanes*>(column);
      for (int i = 0; i < count; ++i) sum[i] += q[i][d] * k;
    }
    for (int i = 0; i < count; ++i) *reinterpret_cast<Lanes*>(scores + i * stride + j) = sum[i] * h.scale;
  }
}

struct Scratch {
  std::vector<int32_t> row;
  std::vector<float> weights, columns;
};

ALFA_MULTIVERSION void attend_segments(const SegmentAttention& a, int head, int first, int last, int32_t* row, float* weights, float* columns) {
  const int width = a.head_width;
  const ptrdiff_t out_stride = static_cast<ptrdiff_t>(a.heads) * width, column = static_cast<ptrdiff_t>(head) * width;
  const Head h{a.q + column, a.k + column, a.v + column, a.out + column, a.q_stride, a.kv_stride, width,
               1.0f / std::sqrt(static_cast<float>(width))};
  for (int s = first; s < last; ++s) {
    const int begin = a.cu[s], length = a.cu[s + 1] - begin;
    for (int j = 0; j < length; ++j) row[j] = a.rows ? a.rows[begin + j] : begin + j;
    if (a.queries == Queries::kOne) {
      attend(h, h.q + s * h.q_stride, row, length, weights, h.out + s * out_stride);
      continue;
    }
    turn_keys(h, row, length, columns);
    const int stride = padded(length);
    int i = 0;
    const auto finish = [&](int count) __attribute__((always_inline)) {
      for (int n = 0; n < count; ++n) {
        const int seen = a.causal ? i + n + 1 : length;
        float* w = weights + static_cast<ptrdiff_t>(n) * stride;
        mix(h, row, seen, w, soften(w, seen), h.out + (begin + i + n) * out_stride);
      }
    };
    for (; i + kQueries <= length; i += kQueries) {
      score_queries<kQueries>(h, row + i, length, columns, weights);
      finish(kQueries);
    }
    for (; i < length; ++i) {
      score_queries<1>(h, row + i, length, columns, weights);
      finish(1);
    }
  }
}

}  // namespace

void segment_attention(const SegmentAttention& a, const ParallelFor& parallel_for) {
  if (a.segments == 0) return;
  int longest = 0;
  for (int s = 0; s < a.segments; ++s) longest = std::max(longest, a.cu[s + 1] - a.cu[s]);
  const size_t chunks = (a.segments + kSegmentsPerTask - 1) / kSegmentsPerTask;
  parallel_for(chunks * a.heads, [&](size_t task) {
    thread_local Scratch scratch;
    const size_t stride = static_cast<size_t>(padded(longest)), columns = stride * static_cast<size_t>(a.head_width);
    if (scratch.row.size() < stride) {
      scratch.row.resize(stride);
      scratch.weights.resize(stride * kQueries);
    }
    if (scratch.columns.size() < columns) scratch.columns.resize(columns);
    const int head = static_cast<int>(task % a.heads), first = static_cast<int>(task / a.heads) * kSegmentsPerTask;
    attend_segments(a, head, first, std::min(first + kSegmentsPerTask, a.segments), scratch.row.data(), scratch.weights.data(), scratch.columns.data());
  });
}

}  // namespace alfa::kernels
