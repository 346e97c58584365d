// A block to a window. For one image of ViT-B-16-plus-240 in fp16 the windows'
// own rows, 3.4 MB, come from memory and the view's 0.3 MB from the L2 cache,
// four times over: floor 0.9 us an image at 4.3 TB/s. The arithmetic is 15
// million fused multiplications of doubles, 0.9 us on an H100, and 10 million
// conversions to double, 2.5 us at a quarter of that rate: those are what the
// kernel is shaped by. Products that windows share are made again by each: made
// once, by a kernel of its own, they would save 1.5 us an image and cost a
// batch of one more than that in waiting. Rows are read where they lie and not
// staged in shared memory: a block's 2 x 13 KB stay in the L1 cache, which is
// the same memory, neighbouring windows find their rows there too, and no width
// is too large.
#include <string>

#include "kernels/aligner/aligner_cuda.h"
#include "kernels/aligner/window_system.cuh"
#include "kernels/contextual/abnormal_probability.cuh"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

// Three warps: the 3 tiles of 5 rows and the 6 of 10 leave none of them idle,
// and 80 threads of 96 hold 640 halves.
constexpr int kThreads = 96, kWarps = kThreads / 32;

// What a window's score needs of a direction f' that is never stored: its
// squared length and its product with the embedding, and that of the unaligned
// direction, of either label.
struct Sums {
  double squares[2], along[2], plain[2];
};

// f' = f + sum_i w_i (b_i - a_i) (kRidge) or sum_i w_i b_i, kWide columns to a
// thread. w: the last two columns of m.
template <typename T, int kWide, bool kRidge>
__device__ Sums combine(const double* m, const T* values, const int32_t* row,
                        const T* b, int n, const float* direction,
                        const float* embedding, int embed_dim) {
  double sums[6] = {};
  for (int e = static_cast<int>(threadIdx.x) * kWide; e < embed_dim;
       e += kThreads * kWide) {
    float f[2][kWide], own[kWide];
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
      const double w0 = m[i * (n + 2) + n], w1 = m[i * (n + 2) + n + 1];
      float there[kWide], here[kWide];
      load_values(b + static_cast<int64_t>(i) * embed_dim + e, there);
      if constexpr (kRidge)
        load_values(values + static_cast<int64_t>(row[i]) * embed_dim + e,
                    here);
#pragma unroll
      for (int j = 0; j < kWide; ++j) {
        double step = static_cast<double>(there[j]);
        if constexpr (kRidge) step -= static_cast<double>(here[j]);
        aligned[0][j] += w0 * step;
        aligned[1][j] += w1 * step;
      }
    }
    load_values(embedding + e, own);
#pragma unroll
    for (int label = 0; label < 2; ++label) {
#pragma unroll
      for (int j = 0; j < kWide; ++j) {
        sums[label] += aligned[label][j] * aligned[label][j];
        sums[2 + label] += aligned[label][j] * static_cast<double>(own[j]);
        sums[4 + label] +=
            static_cast<double>(f[label][j]) * static_cast<double>(own[j]);
      }
    }
  }
  block_sum<kThreads>(sums);
  return {{sums[0], sums[1]}, {sums[2], sums[3]}, {sums[4], sums[5]}};
}

// kWide: elements of T in a 16-byte load, or 1.
template <typename T, int kWide>
__global__ void __launch_bounds__(kThreads, 5)
    window_scores_kernel(CudaWindowScores t) {
  __shared__ int32_t row[CudaWindowScores::kMaxRows];
  double* m = reinterpret_cast<double*>(dynamic_shared());
  const int image = static_cast<int>(blockIdx.y),
            segment = t.windows[blockIdx.x], E = t.embed_dim;
  const int first = t.cu_seqlens[segment] + t.skipped_rows,
            n = t.cu_seqlens[segment + 1] - first;
  const T* value = static_cast<const T*>(t.value) + image * t.value_stride;
  const float *direction = t.direction + static_cast<int64_t>(image) * 2 * E,
              *embedding = t.embedding + image * t.embedding_stride +
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
    similarity[label] =
        aligned ? s.along[label] / sqrt(s.squares[label]) : s.plain[label];
  }
  t.scores[static_cast<int64_t>(image) * t.count + blockIdx.x] =
      abnormal_probability(similarity[0], similarity[1], t.temperature);
}

constexpr int kPlainWarps = 4;

// Without an aligner: a warp to a window.
template <int kStep>
__global__ void __launch_bounds__(32 * kPlainWarps)
    plain_scores_kernel(CudaWindowScores t) {
  const int window = static_cast<int>(blockIdx.x) * kPlainWarps +
                     static_cast<int>(threadIdx.x / 32),
            image = static_cast<int>(blockIdx.y), E = t.embed_dim;
  if (window >= t.count) return;
  const float *direction = t.direction + static_cast<int64_t>(image) * 2 * E,
              *embedding = t.embedding + image * t.embedding_stride +
                           static_cast<int64_t>(t.windows[window]) * E;
  double along[2] = {};
#pragma unroll 2
  for (int e = static_cast<int>(threadIdx.x % 32) * kStep; e < E;
       e += 32 * kStep) {
    float own[kStep], f[2][kStep];
    load_values(embedding + e, own);
    load_values(direction + e, f[0]);
    load_values(direction + E + e, f[1]);
#pragma unroll
    for (int j = 0; j < kStep; ++j) {
      along[0] += static_cast<double>(own[j]) * static_cast<double>(f[0][j]);
      along[1] += static_cast<double>(own[j]) * static_cast<double>(f[1][j]);
    }
  }
  const double normal = warp_sum(along[0]), abnormal = warp_sum(along[1]);
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
  const size_t n = static_cast<size_t>(t.longest),
               bytes = n * (n + 2) * sizeof(double);  // at most 34 KB
  launch("window_scores", kernel, dim3(t.count, t.images), kThreads, bytes,
         stream, t);
}

}  // namespace

void window_scores_cuda(const CudaWindowScores& t, CudaStream stream) {
  if (t.images == 0 || t.count == 0) return;
  const bool wide = t.embed_dim % 4 == 0 && aligned16(t.embedding) &&
                    t.embedding_stride % 4 == 0 && aligned16(t.direction);
  if (t.aligner == Aligner::kOff) {
    const dim3 grid((t.count + kPlainWarps - 1) / kPlainWarps, t.images);
    return launch("window_scores",
                  wide ? plain_scores_kernel<4> : plain_scores_kernel<1>, grid,
                  32 * kPlainWarps, 0, stream, t);
  }
  if (!(t.lambda > 0))
    throw Error(Code::kRange,
                "aligner lambda: expected a number above 0 but found " +
                    std::to_string(t.lambda));
  if (t.longest > CudaWindowScores::kMaxRows)
    throw Error(Code::kRange, "aligner: windows of at most " +
                                  std::to_string(CudaWindowScores::kMaxRows) +
                                  " rows, found " + std::to_string(t.longest));
  if (t.element == Element::kHalf)
    run<__half>(t, wide, stream);
  else
    run<float>(t, wide, stream);
}

}  // namespace alfa::kernels
