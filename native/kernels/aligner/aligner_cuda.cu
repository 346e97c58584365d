// A block to a window.
//
// The kernel's cost for one image of ViT-B-16-plus-240 in fp16, on an H100:
// - Memory: 3.4 MB of the windows' own rows, and 0.3 MB of the whole image's
//   rows, four times, from the L2 cache. 0.9 us at 4.3 TB/s.
// - 15 million fused multiply-adds of doubles: 0.9 us.
// - 10 million conversions to double, at a quarter of that rate: 2.5 us. These
//   decide the design: see multiply_tile in window_system.cuh.
//
// Windows that share rows compute the products of these rows again. A separate
// kernel that computes them once would save 1.5 us an image, but a batch of one
// would wait longer than that for it.
//
// Rows are read in place and not copied to shared memory. A block's 2 x 13 KB
// stay in the L1 cache, which is the same memory. Neighbouring windows find
// their rows there too, and no width is too large.
#include <string>

#include "kernels/aligner/aligner_cuda.h"
#include "kernels/aligner/window_system.cuh"
#include "kernels/contextual/abnormal_probability.cuh"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

// Three warps: windows of 5 rows have 3 tiles and windows of 10 rows have 6, so
// no warp is idle. A row of 640 halves is 80 chunks for 96 threads.
constexpr int kThreads = 96;
constexpr int kWarps = kThreads / 32;

// The aligned directions f' are never stored. The score needs these sums, one
// for each label:
struct Sums {
  double squares[2];    // |f'|^2
  double aligned[2];    // f' . embedding
  double unaligned[2];  // f . embedding
};

// f' = f + sum of w_i (b_i - a_i) (kRidge) or f' = sum of w_i b_i (pinv), kWide
// columns at a time to a thread. The weights w are the last two columns of m.
// row: the indices of A's rows in `values`.
template <typename T, int kWide, bool kRidge>
__device__ Sums combine(const double* m, const T* values, const int32_t* row,
                        const T* b, int n, const float* direction,
                        const float* embedding, int embed_dim) {
  double sums[6] = {};
  for (int e = static_cast<int>(threadIdx.x) * kWide; e < embed_dim;
       e += kThreads * kWide) {
    float f[2][kWide];
    double aligned[2][kWide];
    load_values(direction + e, f[0]);
    load_values(direction + embed_dim + e, f[1]);
#pragma unroll
    for (int j = 0; j < kWide; ++j) {
      aligned[0][j] = kRidge ? static_cast<double>(f[0][j]) : 0.0;
      aligned[1][j] = kRidge ? static_cast<double>(f[1][j]) : 0.0;
    }
#pragma unroll 5
    for (int i = 0; i < n; ++i) {
      const double w0 = m[i * (n + 2) + n];
      const double w1 = m[i * (n + 2) + n + 1];
      float b_i[kWide], a_i[kWide];
      load_values(b + static_cast<int64_t>(i) * embed_dim + e, b_i);
      if constexpr (kRidge)
        load_values(values + static_cast<int64_t>(row[i]) * embed_dim + e, a_i);
#pragma unroll
      for (int j = 0; j < kWide; ++j) {
        double d = static_cast<double>(b_i[j]);
        if constexpr (kRidge) d -= static_cast<double>(a_i[j]);
        aligned[0][j] += w0 * d;
        aligned[1][j] += w1 * d;
      }
    }
    float x[kWide];
    load_values(embedding + e, x);
#pragma unroll
    for (int label = 0; label < 2; ++label) {
#pragma unroll
      for (int j = 0; j < kWide; ++j) {
        sums[label] += aligned[label][j] * aligned[label][j];
        sums[2 + label] += aligned[label][j] * static_cast<double>(x[j]);
        sums[4 + label] +=
            static_cast<double>(f[label][j]) * static_cast<double>(x[j]);
      }
    }
  }
  block_sum<kThreads>(sums);
  return {{sums[0], sums[1]}, {sums[2], sums[3]}, {sums[4], sums[5]}};
}

// kWide: elements of T in a 16-byte load where width and alignment allow it,
// else 1.
template <typename T, int kWide>
__global__ void __launch_bounds__(kThreads, 5)
    window_scores_kernel(CudaWindowScores t) {
  __shared__ int32_t row[CudaWindowScores::kMaxRows];
  double* m = reinterpret_cast<double*>(dynamic_shared());
  const int image = static_cast<int>(blockIdx.y);
  const int segment = t.windows[blockIdx.x];
  const int E = t.embed_dim;
  const int first = t.cu_seqlens[segment] + t.skipped_rows;
  const int n = t.cu_seqlens[segment + 1] - first;
  const T* value = static_cast<const T*>(t.value) + image * t.value_stride;
  const float* direction = t.direction + static_cast<int64_t>(image) * 2 * E;
  const float* embedding = t.embedding + image * t.embedding_stride +
                           static_cast<int64_t>(segment) * E;
  for (int i = static_cast<int>(threadIdx.x); i < n; i += kThreads)
    row[i] = t.rows[first + i];
  __syncthreads();
  build_system<T, kWide == 1 ? 1 : 4, kWarps>(m, value, row, n, direction, E,
                                              static_cast<double>(t.lambda));
  const bool definite = solve_system<kThreads>(m, n);
  const T* b = value + static_cast<int64_t>(first) * E;
  const Sums s = t.aligner == Aligner::kRidge
                     ? combine<T, kWide, true>(m, value, row, b, n, direction,
                                               embedding, E)
                     : combine<T, kWide, false>(m, value, row, b, n, direction,
                                                embedding, E);
  if (threadIdx.x > 0) return;
  double similarity[2];
  for (int label = 0; label < 2; ++label) {
    const bool aligned =
        definite && s.squares[label] > 0 && isfinite(s.squares[label]);
    similarity[label] = aligned ? s.aligned[label] / sqrt(s.squares[label])
                                : s.unaligned[label];
  }
  t.scores[static_cast<int64_t>(image) * t.count + blockIdx.x] =
      abnormal_probability(similarity[0], similarity[1], t.temperature);
}

constexpr int kUnalignedWarps = 4;

// Without an aligner: a warp to a window. kStep: floats of a load, 4 or 1.
template <int kStep>
__global__ void __launch_bounds__(32 * kUnalignedWarps)
    unaligned_scores_kernel(CudaWindowScores t) {
  const int window = static_cast<int>(blockIdx.x) * kUnalignedWarps +
                     static_cast<int>(threadIdx.x / 32);
  const int image = static_cast<int>(blockIdx.y);
  const int E = t.embed_dim;
  if (window >= t.count) return;
  const float* direction = t.direction + static_cast<int64_t>(image) * 2 * E;
  const float* embedding = t.embedding + image * t.embedding_stride +
                           static_cast<int64_t>(t.windows[window]) * E;
  double sums[2] = {};
#pragma unroll 2
  for (int e = static_cast<int>(threadIdx.x % 32) * kStep; e < E;
       e += 32 * kStep) {
    float x[kStep], f[2][kStep];
    load_values(embedding + e, x);
    load_values(direction + e, f[0]);
    load_values(direction + E + e, f[1]);
#pragma unroll
    for (int j = 0; j < kStep; ++j) {
      sums[0] += static_cast<double>(x[j]) * static_cast<double>(f[0][j]);
      sums[1] += static_cast<double>(x[j]) * static_cast<double>(f[1][j]);
    }
  }
  const double normal = warp_sum(sums[0]);
  const double abnormal = warp_sum(sums[1]);
  if (threadIdx.x % 32 == 0)
    t.scores[static_cast<int64_t>(image) * t.count + window] =
        abnormal_probability(normal, abnormal, t.temperature);
}

template <typename T>
void run(const CudaWindowScores& t, bool wide, CudaStream stream) {
  constexpr int kWide = kPerChunk<T>;
  wide = wide && t.embed_dim % kWide == 0 && aligned16(t.value) &&
         t.value_stride % kWide == 0;
  const auto kernel =
      wide ? window_scores_kernel<T, kWide> : window_scores_kernel<T, 1>;
  const auto n = static_cast<size_t>(t.longest);
  const size_t bytes = n * (n + 2) * sizeof(double);  // at most 34 KB
  const dim3 grid(static_cast<unsigned>(t.count),
                  static_cast<unsigned>(t.images));
  launch("window_scores", kernel, grid, kThreads, bytes, stream, t);
}

}  // namespace

void window_scores_cuda(const CudaWindowScores& t, CudaStream stream) {
  if (t.images == 0 || t.count == 0) return;
  const bool wide = t.embed_dim % 4 == 0 && aligned16(t.embedding) &&
                    t.embedding_stride % 4 == 0 && aligned16(t.direction);
  if (t.aligner == Aligner::kOff) {
    const dim3 grid(blocks_for(t.count, kUnalignedWarps),
                    static_cast<unsigned>(t.images));
    return launch(
        "window_scores",
        wide ? unaligned_scores_kernel<4> : unaligned_scores_kernel<1>, grid,
        32 * kUnalignedWarps, 0, stream, t);
  }
  if (!(t.lambda > 0))
    throw Error(Code::kRange,
                "aligner lambda: expected a number above 0 but received " +
                    std::to_string(t.lambda) + ".");
  if (t.longest > CudaWindowScores::kMaxRows)
    throw Error(Code::kRange, "aligner: expected windows of at most " +
                                  std::to_string(CudaWindowScores::kMaxRows) +
                                  " rows but received one of " +
                                  std::to_string(t.longest) + ".");
  if (t.element == Element::kHalf)
    run<__half>(t, wide, stream);
  else
    run<float>(t, wide, stream);
}

}  // namespace alfa::kernels
