#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/dot.h"
#include "kernels/segment_attention/segment_attention.h"
#include "kernels/softmax.h"

namespace alfa::kernels {
namespace {

// Segments that one task takes: short windows are a few hundred nanoseconds
// each, too little for a task of their own.
constexpr int kSegmentsPerTask = 32;

struct Head {  // one head of one segment; `row[j]` is where key j lies
  const float *q, *k, *v;
  float* out;
  ptrdiff_t q_stride, kv_stride;
  int width;
  float scale;
};

// out = norm * sum of weights[j] * value row j, a register-sized piece of the
// head at a time.
template <int pieces>
ALFA_INLINE void mix_piece(const Head& h, const int32_t* row, int seen,
                           const float* weights, float norm, int d,
                           float* out) {
  Lanes sum[pieces] = {};
  for (int j = 0; j < seen; ++j) {
    const float* v = h.v + row[j] * h.kv_stride + d;
    for (int p = 0; p < pieces; ++p)
      sum[p] += weights[j] * reinterpret_cast<const Lanes*>(v)[p];
  }
  for (int p = 0; p < pieces; ++p)
    reinterpret_cast<Lanes*>(out + d)[p] = sum[p] * norm;
}

ALFA_INLINE void mix(const Head& h, const int32_t* row, int seen,
                     const float* weights, float norm, float* out) {
  int d = 0;
  for (; d + 4 * kLanes <= h.width; d += 4 * kLanes)
    mix_piece<4>(h, row, seen, weights, norm, d, out);
  for (; d + kLanes <= h.width; d += kLanes)
    mix_piece<1>(h, row, seen, weights, norm, d, out);
  for (; d < h.width; ++d) {
    float sum = 0;
    for (int j = 0; j < seen; ++j)
      sum += weights[j] * h.v[row[j] * h.kv_stride + d];
    out[d] = sum * norm;
  }
}

// One query against keys [0, seen).
ALFA_INLINE void attend(const Head& h, const float* q, const int32_t* row,
                        int seen, float* weights, float* __restrict out) {
  for (int j = 0; j < seen; ++j)
    weights[j] =
        dot<Tail::kAllSums>(q, h.k + row[j] * h.kv_stride, h.width) * h.scale;
  mix(h, row, seen, weights, softmax_numerators(weights, seen), out);
}

// Queries that share a load of keys: enough sums for none to wait for itself,
// and windows of 5 and 10 rows are whole groups.
constexpr int kQueries = 5;

// keys [length, width] -> columns [width, padded], the rest 0
ALFA_INLINE void turn_keys(const Head& h, const int32_t* row, int length,
                           float* __restrict columns) {
  const int stride = padded(length);
  for (int j = 0; j < length; ++j) {
    const float* __restrict k = h.k + row[j] * h.kv_stride;
    for (int d = 0; d < h.width; ++d)
      columns[static_cast<ptrdiff_t>(d) * stride + j] = k[d];
  }
  for (int d = 0; d < h.width; ++d)
    for (int j = length; j < stride; ++j)
      columns[static_cast<ptrdiff_t>(d) * stride + j] = 0;
}

// Scores of `count` (at most kQueries) queries against all keys: scores[i *
// padded + j].
template <int count>
ALFA_INLINE void score_queries(const Head& h, const int32_t* query_row,
                               int length, const float* columns,
                               float* scores) {
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
    for (int i = 0; i < count; ++i)
      *reinterpret_cast<Lanes*>(scores + i * stride + j) = sum[i] * h.scale;
  }
}

// One head's q, k and v of `length` rows from accumulators, [3, length,
// head_width].
ALFA_INLINE void dequantise(const SegmentAttention& a, int head, int begin,
                            int length, float* __restrict numbers) {
  const int width = a.head_width;
  const ptrdiff_t part = static_cast<ptrdiff_t>(a.heads) * width;
  for (int p = 0; p < 3; ++p) {
    const ptrdiff_t column = p * part + static_cast<ptrdiff_t>(head) * width;
    const float* __restrict columns = a.column_scale + column, * __restrict bias =
                                                                   a.bias +
                                                                   column;
    for (int j = 0; j < length; ++j, numbers += width) {
      const int32_t* __restrict from =
          a.accumulators + (begin + j) * 3 * part + column;
      const float scale = a.row_scale[begin + j];
      for (int d = 0; d < width; ++d)
        numbers[d] =
            static_cast<float>(from[d]) * (scale * columns[d]) + bias[d];
    }
  }
}

struct Scratch {
  std::vector<int32_t> row;
  std::vector<float> weights, columns, numbers;
};

ALFA_MULTIVERSION void attend_segments(const SegmentAttention& a, int head,
                                       int first, int last, int32_t* row,
                                       float* weights, float* columns,
                                       float* numbers) {
  const int width = a.head_width;
  const ptrdiff_t out_stride = static_cast<ptrdiff_t>(a.heads) * width,
                  column = static_cast<ptrdiff_t>(head) * width;
  Head h{
      nullptr, nullptr, nullptr, a.out + column,
      width,   width,   width,   1.0f / std::sqrt(static_cast<float>(width))};
  if (!a.accumulators)
    h.q = a.q + column, h.k = a.k + column, h.v = a.v + column,
    h.q_stride = a.q_stride, h.kv_stride = a.kv_stride;
  for (int s = first; s < last; ++s) {
    const int begin = a.cu_seqlens[s], length = a.cu_seqlens[s + 1] - begin;
    if (a.accumulators) {
      dequantise(a, head, begin, length, numbers);
      const ptrdiff_t part = static_cast<ptrdiff_t>(length) * width;
      h.q = numbers, h.k = numbers + part, h.v = numbers + 2 * part;
    }
    for (int j = 0; j < length; ++j)
      row[j] = a.accumulators ? j : a.rows ? a.rows[begin + j] : begin + j;
    if (a.queries == Queries::kOne) {
      attend(h, h.q + s * h.q_stride, row, length, weights,
             h.out + s * out_stride);
      continue;
    }
    turn_keys(h, row, length, columns);
    const int stride = padded(length);
    int i = 0;
    const auto finish = [&](int count) __attribute__((always_inline)) {
      for (int n = 0; n < count; ++n) {
        const int seen = a.causal ? i + n + 1 : length;
        float* w = weights + static_cast<ptrdiff_t>(n) * stride;
        mix(h, row, seen, w, softmax_numerators(w, seen),
            h.out + (begin + i + n) * out_stride);
      }
    };
    for (; i + kQueries <= length; i += kQueries) {
      score_queries<kQueries>(h, row + i, length, columns, weights);
      finish(kQueries);
    }
    switch (length - i) {
      case 0:
        continue;
      case 1:
        score_queries<1>(h, row + i, length, columns, weights);
        break;
      case 2:
        score_queries<2>(h, row + i, length, columns, weights);
        break;
      case 3:
        score_queries<3>(h, row + i, length, columns, weights);
        break;
      default:
        score_queries<4>(h, row + i, length, columns, weights);
    }
    finish(length - i);
  }
}

}  // namespace

void segment_attention(const SegmentAttention& a,
                       const ParallelFor& parallel_for) {
  if (a.segments == 0) return;
  int longest = 0;
  for (int s = 0; s < a.segments; ++s)
    longest = std::max(longest, a.cu_seqlens[s + 1] - a.cu_seqlens[s]);
  const size_t chunks = (a.segments + kSegmentsPerTask - 1) / kSegmentsPerTask;
  parallel_for(chunks * a.heads, [&](size_t task) {
    thread_local Scratch scratch;
    const size_t stride = static_cast<size_t>(padded(longest)),
                 columns = stride * static_cast<size_t>(a.head_width);
    if (scratch.row.size() < stride) {
      scratch.row.resize(stride);
      scratch.weights.resize(stride * kQueries);
    }
    if (scratch.columns.size() < columns) scratch.columns.resize(columns);
    if (a.accumulators && scratch.numbers.size() < 3 * columns)
      scratch.numbers.resize(3 * columns);
    const int head = static_cast<int>(task % a.heads),
              first = static_cast<int>(task / a.heads) * kSegmentsPerTask;
    attend_segments(a, head, first,
                    std::min(first + kSegmentsPerTask, a.segments),
                    scratch.row.data(), scratch.weights.data(),
                    scratch.columns.data(), scratch.numbers.data());
  });
}

}  // namespace alfa::kernels
