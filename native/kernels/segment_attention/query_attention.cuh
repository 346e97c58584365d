// Attention on the CUDA cores, for any element and heads of up to 256 elements:
// a warp to a query and head. Eight lanes share a key, so a warp takes group
// keys at a time. Each group of eight lanes has a softmax of its own. The group
// are joined at the end.
//
// With one query to a segment (kOne), the cost is one read of k and v: 10.4 MB
// for an image of ViT-B-16-plus-240, 2.4 us at 4.3 TB/s. All keys of a window
// are in flight at once, and 32 keys of a segment of 226 rows.
#pragma once
#include "kernels/chunk.cuh"
#include "kernels/segment_attention/segment_attention_cuda.h"

namespace alfa::kernels {

constexpr int kQueryWarps = 4;
constexpr int kMaxHeadWidth = 256;

// A lane's part of a row: kLoads vectors of kAtOnce elements, every eighth
// vector of the row.
template <typename T, int kAtOnce, int kLoads>
struct LaneOfRow {
  struct __align__(sizeof(T) * kAtOnce) Vector {
    T v[kAtOnce];
  };
  static constexpr int kElements = kAtOnce * kLoads;
  Vector vector[kLoads];

  // The first column of vector `load`.
  __device__ static int column(int load) {
    return (load * 8 + static_cast<int>(threadIdx.x % 8)) * kAtOnce;
  }

  // `exists`: false loads zeros.
  __device__ void load(const T* row, int width, bool exists) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      if (exists && column(i) < width)
        vector[i] = *reinterpret_cast<const Vector*>(row + column(i));
      else
        vector[i] = Vector{};
    }
  }
  __device__ float operator[](int i) const {
    return to_float(vector[i / kAtOnce].v[i % kAtOnce]);
  }
};

template <typename T, int kAtOnce, int kLoads>
__global__ void __launch_bounds__(32 * kQueryWarps)
    attend_queries(CudaSegmentAttention a, float scale) {
  using Row = LaneOfRow<T, kAtOnce, kLoads>;
  constexpr int kElements = Row::kElements;
  // The keys of a lane in a step: as many as fit into 64 registers with their
  // values, but 1 to 8.
  constexpr int kFit = 64 * 4 / (2 * kElements * static_cast<int>(sizeof(T)));
  constexpr int kAtMost8 = kFit > 8 ? 8 : kFit;
  constexpr int kKeys = kAtMost8 < 1 ? 1 : kAtMost8;
  const int head = static_cast<int>(blockIdx.x) % a.heads;
  const int query = static_cast<int>(blockIdx.x) / a.heads * kQueryWarps +
                    static_cast<int>(threadIdx.x) / 32;
  if (query >= a.queries) return;
  const int group = threadIdx.x % 32 / 8;  // of eight lanes
  const int width = a.head_width;
  const int column = head * width;
  const int begin = a.segment_bounds[2 * query];
  const int end = a.causal && a.kind == Queries::kAll
                      ? query + 1
                      : a.segment_bounds[2 * query + 1];
  const bool gathered = a.kind == Queries::kAll && a.rows;
  const T* k = static_cast<const T*>(a.k) + column;
  const T* v = static_cast<const T*>(a.v) + column;

  Row q_row;
  q_row.load(static_cast<const T*>(a.q) +
                 (gathered ? a.rows[query] : query) * a.q_stride + column,
             width, true);
  float q[kElements];
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    const int at = Row::column(i / kAtOnce) + i % kAtOnce;
    q[i] =
        (q_row[i] + (a.q_bias && at < width ? a.q_bias[column + at] : 0.0f)) *
        scale;
  }

  // The online softmax of the group: the largest score so far, the sum of the
  // weights relative to it, and the sum of weight * value.
  float most = -INFINITY;
  float total = 0;
  float o[kElements] = {};
  for (int first = begin; first < end; first += 4 * kKeys) {
    Row keys[kKeys], values[kKeys];
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
      const int j = first + 4 * i + group;
      const ptrdiff_t row = (j < end && a.rows ? a.rows[j] : j) * a.kv_stride;
      keys[i].load(k + row, width, j < end);
      values[i].load(v + row, width, j < end);
    }
    float score[kKeys], largest = most;
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
      float sum = 0;
#pragma unroll
      for (int e = 0; e < kElements; ++e) sum = fmaf(q[e], keys[i][e], sum);
#pragma unroll
      for (int step = 4; step > 0; step /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, step);
      score[i] = first + 4 * i + group < end ? sum : -INFINITY;
      largest = fmaxf(largest, score[i]);
    }
    // 0 where the group has seen no key yet: -INFINITY - -INFINITY is NaN.
    const float base = largest == -INFINITY ? 0.0f : largest;
    // Rescales the old sums to the new largest score.
    const float rescale = exp2f(most - base);
    most = largest;
    total *= rescale;
#pragma unroll
    for (int e = 0; e < kElements; ++e) o[e] *= rescale;
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
      const float weight = exp2f(score[i] - base);
      total += weight;
#pragma unroll
      for (int e = 0; e < kElements; ++e)
        o[e] = fmaf(weight, values[i][e], o[e]);
    }
  }

  // Joins the softmaxes of the four groups.
#pragma unroll
  for (int step = 8; step < 32; step *= 2) {
    const float largest = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, step));
    const float rescale = exp2f(most - (largest == -INFINITY ? 0.0f : largest));
    most = largest;
    total *= rescale;
    total += __shfl_xor_sync(0xffffffffu, total, step);
#pragma unroll
    for (int e = 0; e < kElements; ++e) {
      o[e] *= rescale;
      o[e] += __shfl_xor_sync(0xffffffffu, o[e], step);
    }
  }
  if (group != 0) return;
  const float norm = 1.0f / total;
  T* out = static_cast<T*>(a.out) +
           static_cast<ptrdiff_t>(query) * a.heads * width + column;
#pragma unroll
  for (int i = 0; i < kLoads; ++i) {
    const int at = Row::column(i);
    if (at >= width) continue;
    typename Row::Vector result;
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
      result.v[j] =
          from_float<T>(o[i * kAtOnce + j] * norm +
                        (a.v_bias ? a.v_bias[column + at + j] : 0.0f));
    *reinterpret_cast<typename Row::Vector*>(out + at) = result;
  }
}

}  // namespace alfa::kernels
