#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/dot.h"
#include "kernels/segment_attention/segment_attention.h"
#include "kernels/size.h"
#include "kernels/softmax.h"

namespace alfa::kernels {
namespace {

// A short window takes a few hundred nanoseconds, too little for a task.
constexpr int kSegmentsPerTask = 32;

// Queries that share one load of a key. Five independent sums hide the latency
// of an addition, and windows of 5 and 10 rows are whole groups.
constexpr int kQueries = 5;

// One head of one segment.
struct Head {
  const float* q;
  const float* k;
  const float* v;
  float* out;
  ptrdiff_t q_stride, kv_stride;
  int width;
  float scale;
};

// Below, row[j] is the row of key and value j.

// kVectors * kLanes columns of out, from `column` on: norm * sum of weights[j]
// * value row j over the `seen` first values.
template <int kVectors>
ALFA_INLINE void weigh_columns(const Head& h, const int32_t* row, int seen,
                               const float* weights, float norm, int column,
                               float* out) {
  Lanes sum[kVectors] = {};
  for (int j = 0; j < seen; ++j) {
    const float* v = h.v + row[j] * h.kv_stride + column;
    for (int p = 0; p < kVectors; ++p)
      sum[p] += weights[j] * reinterpret_cast<const Lanes*>(v)[p];
  }
  for (int p = 0; p < kVectors; ++p)
    reinterpret_cast<Lanes*>(out + column)[p] = sum[p] * norm;
}

ALFA_INLINE void weigh_values(const Head& h, const int32_t* row, int seen,
                              const float* weights, float norm, float* out) {
  int d = 0;
  for (; d + 4 * kLanes <= h.width; d += 4 * kLanes)
    weigh_columns<4>(h, row, seen, weights, norm, d, out);
  for (; d + kLanes <= h.width; d += kLanes)
    weigh_columns<1>(h, row, seen, weights, norm, d, out);
  for (; d < h.width; ++d) {
    float sum = 0;
    for (int j = 0; j < seen; ++j)
      sum += weights[j] * h.v[row[j] * h.kv_stride + d];
    out[d] = sum * norm;
  }
}

// One query against `length` keys.
ALFA_INLINE void attend_one(const Head& h, const float* q, const int32_t* row,
                            int length, float* weights, float* __restrict out) {
  for (int j = 0; j < length; ++j)
    weights[j] =
        dot<Tail::kAllSums>(q, h.k + row[j] * h.kv_stride, h.width) * h.scale;
  const float norm = softmax_numerators(weights, length);
  weigh_values(h, row, length, weights, norm, out);
}

// Transposes the keys [length, width] to columns [width, padded(length)], with
// zeros as padding.
ALFA_INLINE void transpose_keys(const Head& h, const int32_t* row, int length,
                                float* __restrict columns) {
  const int stride = padded(length);
  for (int j = 0; j < length; ++j) {
    const float* __restrict k = h.k + row[j] * h.kv_stride;
    for (int d = 0; d < h.width; ++d) columns[row_offset(d, stride) + j] = k[d];
  }
  for (int d = 0; d < h.width; ++d)
    for (int j = length; j < stride; ++j)
      columns[row_offset(d, stride) + j] = 0;
}

// The scores of `count` (at most kQueries) queries against all keys:
// scores [count, padded(length)]. columns: the transposed keys.
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

// Every row of the segment against its keys. columns, weights: scratch memory
// of width * padded(length) and kQueries * padded(length) floats.
// out_stride: floats between the rows of `out`.
ALFA_INLINE void attend_all(const Head& h, const int32_t* row, int length,
                            bool causal, ptrdiff_t out_stride, float* weights,
                            float* columns, float* out) {
  transpose_keys(h, row, length, columns);
  const int stride = padded(length);
  for (int first = 0; first < length; first += kQueries) {
    const int count = std::min(kQueries, length - first);
    switch (count) {
      case 1:
        score_queries<1>(h, row + first, length, columns, weights);
        break;
      case 2:
        score_queries<2>(h, row + first, length, columns, weights);
        break;
      case 3:
        score_queries<3>(h, row + first, length, columns, weights);
        break;
      case 4:
        score_queries<4>(h, row + first, length, columns, weights);
        break;
      default:
        score_queries<kQueries>(h, row + first, length, columns, weights);
    }
    for (int i = 0; i < count; ++i) {
      const int seen = causal ? first + i + 1 : length;
      float* w = weights + row_offset(i, stride);
      const float norm = softmax_numerators(w, seen);
      weigh_values(h, row, seen, w, norm, out + (first + i) * out_stride);
    }
  }
}

// q, k and v of one head and `length` rows from the accumulators: numbers [3,
// length, head_width].
ALFA_INLINE void dequantise(const SegmentAttention& a, int head, int begin,
                            int length, float* __restrict numbers) {
  const int width = a.head_width;
  const ptrdiff_t all_heads = row_offset(a.heads, width);
  for (int part = 0; part < 3; ++part) {
    const ptrdiff_t column = part * all_heads + row_offset(head, width);
    const float* __restrict column_scale = a.column_scale + column;
    const float* __restrict bias = a.bias + column;
    for (int j = 0; j < length; ++j, numbers += width) {
      const int32_t* __restrict from =
          a.accumulators + (begin + j) * 3 * all_heads + column;
      const float row_scale = a.row_scale[begin + j];
      for (int d = 0; d < width; ++d)
        numbers[d] =
            static_cast<float>(from[d]) * (row_scale * column_scale[d]) +
            bias[d];
    }
  }
}

// Scratch memory of a thread, for segments of up to padded(length) rows.
struct Scratch {
  std::vector<int32_t> row;    // [length]
  std::vector<float> weights;  // [kQueries, length]
  std::vector<float> columns;  // [head_width, length], transposed keys
  std::vector<float> numbers;  // [3, length, head_width], with accumulators

  void reserve(const SegmentAttention& a, int length) {
    const size_t rows = to_size(padded(length));
    const size_t numbers_of_rows = rows * to_size(a.head_width);
    if (row.size() < rows) {
      row.resize(rows);
      weights.resize(rows * kQueries);
    }
    if (columns.size() < numbers_of_rows) columns.resize(numbers_of_rows);
    if (a.accumulators && numbers.size() < 3 * numbers_of_rows)
      numbers.resize(3 * numbers_of_rows);
  }
};

// One head of the segments [first, last).
ALFA_MULTIVERSION void attend_segments(const SegmentAttention& a, int head,
                                       int first, int last, int32_t* row,
                                       float* weights, float* columns,
                                       float* numbers) {
  const int width = a.head_width;
  const ptrdiff_t out_stride = row_offset(a.heads, width);
  const ptrdiff_t column = row_offset(head, width);
  Head h{};
  h.out = a.out + column;
  h.width = width;
  h.scale = 1.0f / std::sqrt(static_cast<float>(width));
  if (a.accumulators) {
    h.q_stride = width;
    h.kv_stride = width;
  } else {
    h.q = a.q + column;
    h.k = a.k + column;
    h.v = a.v + column;
    h.q_stride = a.q_stride;
    h.kv_stride = a.kv_stride;
  }
  for (int s = first; s < last; ++s) {
    const int begin = a.cu_seqlens[s];
    const int length = a.cu_seqlens[s + 1] - begin;
    if (a.accumulators) {
      dequantise(a, head, begin, length, numbers);
      h.q = numbers;
      h.k = h.q + row_offset(length, width);
      h.v = h.k + row_offset(length, width);
      for (int j = 0; j < length; ++j) row[j] = j;
    } else if (a.rows) {
      std::copy_n(a.rows + begin, length, row);
    } else {
      for (int j = 0; j < length; ++j) row[j] = begin + j;
    }
    if (a.queries == Queries::kOne)
      attend_one(h, h.q + s * h.q_stride, row, length, weights,
                 h.out + s * out_stride);
    else
      attend_all(h, row, length, a.causal, out_stride, weights, columns,
                 h.out + begin * out_stride);
  }
}

}  // namespace

void segment_attention(const SegmentAttention& a,
                       const ParallelFor& parallel_for) {
  if (a.segments == 0) return;
  int longest = 0;
  for (int s = 0; s < a.segments; ++s)
    longest = std::max(longest, a.cu_seqlens[s + 1] - a.cu_seqlens[s]);
  const int chunks = (a.segments + kSegmentsPerTask - 1) / kSegmentsPerTask;
  parallel_for(to_size(chunks) * to_size(a.heads), [&](size_t task) {
    thread_local Scratch scratch;
    scratch.reserve(a, longest);
    const int head = static_cast<int>(task % to_size(a.heads));
    const int chunk = static_cast<int>(task / to_size(a.heads));
    const int first = chunk * kSegmentsPerTask;
    const int last = std::min(first + kSegmentsPerTask, a.segments);
    attend_segments(a, head, first, last, scratch.row.data(),
                    scratch.weights.data(), scratch.columns.data(),
                    scratch.numbers.data());
  });
}

}  // namespace alfa::kernels
