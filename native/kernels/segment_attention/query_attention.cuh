// Attention without tensor cores, for any element and head width up to 256: a
// warp to a query and head. Eight lanes share a key, so a warp looks at four
// keys at a time; each four keep a softmax of their own, and the four are
// joined at the end. With one query to a segment (kOne) this is what there is
// to do: k and v once, 10.4 MB an image of ViT-B-16-plus-240, 2.4 us at 4.3
// TB/s. A window's keys are under way all at once; of a segment of 226, 32.
#pragma once
#include "kernels/chunk.cuh"
#include "kernels/segment_attention/segment_attention_cuda.h"

namespace alfa::kernels {

constexpr int kQueryWarps = 4, kMostHeadWidth = 256;

// What a lane has of a row: kLoads pieces of kAtOnce elements, every eighth
// piece of the row.
template <typename T, int kAtOnce, int kLoads>
struct LaneOfRow {
  struct __align__(sizeof(T) * kAtOnce) Piece {
    T v[kAtOnce];
  };
  static constexpr int kElements = kAtOnce * kLoads;
  Piece piece[kLoads];

  __device__ static int column(int load) {
    return (load * 8 + static_cast<int>(threadIdx.x % 8)) * kAtOnce;
  }

  __device__ void load(const T* row, int width, bool there) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      if (there && column(i) < width)
        piece[i] = *reinterpret_cast<const Piece*>(row + column(i));
      else
        piece[i] = Piece{};
    }
  }
  __device__ float operator[](int i) const {
    return to_float(piece[i / kAtOnce].v[i % kAtOnce]);
  }
};

template <typename T, int kAtOnce, int kLoads>
__global__ void __launch_bounds__(32 * kQueryWarps)
    attend_queries(CudaSegmentAttention a, float scale) {
  using Row = LaneOfRow<T, kAtOnce, kLoads>;
  constexpr int kElements = Row::kElements;
  constexpr int kAll = 64 * 4 /
                       (2 * kElements *
                        static_cast<int>(sizeof(
                            T)));  // keys whose k and v fit into 64 registers
  constexpr int kKeys = kAll < 1 ? 1 : kAll > 8 ? 8 : kAll;
  const int head = static_cast<int>(blockIdx.x) % a.heads,
            query = static_cast<int>(blockIdx.x) / a.heads * kQueryWarps +
                    static_cast<int>(threadIdx.x) / 32;
  if (query >= a.queries) return;
  const int four = threadIdx.x % 32 / 8, width = a.head_width,
            column = head * width;
  const int begin = a.segment_bounds[2 * query],
            end = a.causal && a.kind == Queries::kAll
                      ? query + 1
                      : a.segment_bounds[2 * query + 1];
  const bool packed_query = a.kind == Queries::kAll && a.rows;
  const T* k = static_cast<const T*>(a.k) + column;
  const T* v = static_cast<const T*>(a.v) + column;

  Row own;
  own.load(static_cast<const T*>(a.q) +
               (packed_query ? a.rows[query] : query) * a.q_stride + column,
           width, true);
  float q[kElements];
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    const int at = Row::column(i / kAtOnce) + i % kAtOnce;
    q[i] = (own[i] + (a.q_bias && at < width ? a.q_bias[column + at] : 0.0f)) *
           scale;
  }

  float most = -INFINITY, total = 0, o[kElements] = {};
  for (int first = begin; first < end; first += 4 * kKeys) {
    Row keys[kKeys], values[kKeys];
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
      const int j = first + 4 * i + four;
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
      score[i] = first + 4 * i + four < end ? sum : -INFINITY;
      largest = fmaxf(largest, score[i]);
    }
    const float base = largest == -INFINITY
                           ? 0.0f
                           : largest;  // four lanes that have seen no key yet
    const float follow = exp2f(most - base);
    most = largest;
    total *= follow;
#pragma unroll
    for (int e = 0; e < kElements; ++e) o[e] *= follow;
#pragma unroll
    for (int i = 0; i < kKeys; ++i) {
      const float weight = exp2f(score[i] - base);
      total += weight;
#pragma unroll
      for (int e = 0; e < kElements; ++e)
        o[e] = fmaf(weight, values[i][e], o[e]);
    }
  }

#pragma unroll
  for (int step = 8; step < 32; step *= 2) {
    const float largest = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, step));
    const float follow = exp2f(most - (largest == -INFINITY ? 0.0f : largest));
    most = largest;
    total *= follow;
    total += __shfl_xor_sync(0xffffffffu, total, step);
#pragma unroll
    for (int e = 0; e < kElements; ++e) {
      o[e] *= follow;
      o[e] += __shfl_xor_sync(0xffffffffu, o[e], step);
    }
  }
  if (four != 0) return;
  const float norm = 1.0f / total;
  T* out = static_cast<T*>(a.out) +
           static_cast<ptrdiff_t>(query) * a.heads * width + column;
#pragma unroll
  for (int i = 0; i < kLoads; ++i) {
    const int at = Row::column(i);
    if (at >= width) continue;
    typename Row::Piece piece;
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j)
      piece.v[j] = from_float<T>(o[i * kAtOnce + j] * norm +
                                 (a.v_bias ? a.v_bias[column + at + j] : 0.0f));
    *reinterpret_cast<typename Row::Piece*>(out + at) = piece;
  }
}

}  // namespace alfa::kernels
