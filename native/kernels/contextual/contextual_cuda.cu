// Two kernels: the similarities, then all that follows from them. For one image
// with 300 prompts of 640 floats each of them reads 768 KB, which lie in the L2
// cache from the first image on: floor 0.14 us an image at 5.5 TB/s. What
// counts is the latency of a batch of one, so the second kernel spreads the
// mean's columns over blocks, each of which finds the intervals again (300
// numbers) sooner than a third kernel would start.
#include <string>

#include "kernels/block_sum.cuh"
#include "kernels/chunk.cuh"
#include "kernels/contextual/abnormal_probability.cuh"
#include "kernels/contextual/contextual_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

// G floats that one load moves.
template <int G>
struct __align__(4 * G) Group {
  float v[G];
};
template <int G>
__device__ inline Group<G> load(const float* at) {
  return *reinterpret_cast<const Group<G>*>(at);
}

constexpr int
    kSimilarityWarps = 4,
    kSteps = 5;  // steps: loads under way at once; 5 of 32 x 4 floats are 640

// A warp to a prompt, which it reads once for kImages images. Lanes, steps and
// shuffles add in one order whatever the prompt: equal prompts get equal
// similarities. Leaves the counters of the second kernel (the first words of
// the summaries) at 0.
template <int G, int kImages>
__global__ void __launch_bounds__(32 * kSimilarityWarps)
    similarity_kernel(CudaContextual t) {
  const int n = t.counts[0] + t.counts[1],
            lane = static_cast<int>(threadIdx.x % 32);
  const int prompt = static_cast<int>(blockIdx.x) * kSimilarityWarps +
                     static_cast<int>(threadIdx.x / 32);
  const int first = static_cast<int>(blockIdx.y) * kImages,
            images = min(kImages, t.images - first);
  if (blockIdx.x == 0 && static_cast<int>(threadIdx.x) < images)
    t.summary[4 * (first + static_cast<int>(threadIdx.x))] = 0;
  if (prompt >= n) return;
  const float* row = t.prompts + static_cast<int64_t>(prompt) * t.embed_dim;
  const float* image[kImages];
#pragma unroll
  for (int i = 0; i < kImages; ++i)
    image[i] = t.image + (first + min(i, images - 1)) * t.image_stride;
  float sum[kImages] = {};
  for (int start = lane * G; start < t.embed_dim; start += kSteps * 32 * G) {
    Group<G> p[kSteps] = {}, x[kSteps][kImages] = {};
#pragma unroll
    for (int s = 0; s < kSteps; ++s) {
      const int column = start + s * 32 * G;
      if (column >= t.embed_dim) continue;
      p[s] = load<G>(row + column);
#pragma unroll
      for (int i = 0; i < kImages; ++i) x[s][i] = load<G>(image[i] + column);
    }
#pragma unroll
    for (int s = 0; s < kSteps; ++s)
#pragma unroll
      for (int i = 0; i < kImages; ++i)
#pragma unroll
        for (int j = 0; j < G; ++j) sum[i] += p[s].v[j] * x[s][i].v[j];
  }
#pragma unroll
  for (int i = 0; i < kImages; ++i) {
    const float total = warp_sum(sum[i]);
    if (lane == 0 && i < images)
      t.similarity[static_cast<int64_t>(first + i) * n + prompt] = total;
  }
}

constexpr int kThreads = 512, kWarps = kThreads / 32, kRowsAtOnce = 4;

struct Intervals {
  float low[2], high[2];

  __device__ static double distance(double s, float low, float high) {
    return fmax(0.0, fmax(low - s, s - high));
  }
  __device__ double delta(float s) const {
    return fabs(distance(s, low[0], high[0]) - distance(s, low[1], high[1]));
  }
  // The largest delta of a label's prompts: an end of its interval lies
  // farthest from the other one.
  __device__ double most(int label) const {
    return fmax(delta(label ? low[1] : low[0]),
                delta(label ? high[1] : high[0]));
  }
};

__device__ Intervals find_intervals(const float* similarity, int normal,
                                    int n) {
  __shared__ float ends[kWarps][4];
  const int thread = static_cast<int>(threadIdx.x);
  float end[4] = {INFINITY, INFINITY, INFINITY,
                  INFINITY};  // both lows, both highs negated
  for (int i = thread; i < n; i += kThreads) {
    const float s = similarity[i];
    if (i < normal)
      end[0] = fminf(end[0], s), end[2] = fminf(end[2], -s);
    else
      end[1] = fminf(end[1], s), end[3] = fminf(end[3], -s);
  }
#pragma unroll
  for (int j = 0; j < 4; ++j) {
#pragma unroll
    for (int step = 16; step > 0; step /= 2)
      end[j] = fminf(end[j], __shfl_xor_sync(0xffffffffu, end[j], step));
    if (thread % 32 == 0) ends[thread / 32][j] = end[j];
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < 4; ++j)
    for (int w = 0; w < kWarps; ++w) end[j] = fminf(end[j], ends[w][j]);
  return {{end[0], end[1]}, {-end[2], -end[3]}};
}

// S_c: 2 / (1 + exp(-x)) - 1 = tanh(x / 2), which keeps a small delta above 0;
// below 1 by rounding down.
__device__ inline float contextual_of(double delta, float slope) {
  return fminf(static_cast<float>(tanh(static_cast<double>(slope) * delta / 2)),
               0x1.fffffep-1f);
}

// The image's last block: lengths of both sums, unit rows, the global score.
// All in an order of its own, so that which block it is makes no difference.
// Other blocks' sums are read where they wrote them, in L2.
__device__ void finish(const CudaContextual& t, int image, const int (&kept)[2],
                       const bool (&whole)[2]) {
  const int E = t.embed_dim, thread = static_cast<int>(threadIdx.x);
  float* direction = t.direction + static_cast<int64_t>(image) * 2 * E;
  const float* embedding = t.image + image * t.image_stride;
  double squares[2] = {}, along[2] = {};
  for (int e = thread; e < E; e += kThreads) {
#pragma unroll
    for (int label = 0; label < 2; ++label) {
      const double v = __ldcg(direction + label * E + e);
      squares[label] += v * v;
    }
  }
  block_sum<kThreads>(squares);
  for (int e = thread; e < E; e += kThreads) {
#pragma unroll
    for (int label = 0; label < 2; ++label) {
      const double scale = squares[label] > 0 ? 1 / sqrt(squares[label]) : 0;
      const float unit =
          static_cast<float>(__ldcg(direction + label * E + e) * scale);
      direction[label * E + e] = unit;
      along[label] += static_cast<double>(unit) * embedding[e];
    }
  }
  block_sum<kThreads>(along);
  if (thread > 0) return;
  t.global[image] = abnormal_probability(along[0], along[1], t.temperature);
  for (int label = 0; label < 2; ++label) {
    t.summary[4 * image + label] = whole[label] ? t.counts[label] : kept[label];
    t.summary[4 * image + 2 + label] = t.options.enabled && whole[label];
  }
}

// A block to an image, a label and 32 * G columns of its mean: warps take rows
// by turns.
template <int G>
__global__ void __launch_bounds__(kThreads) direction_kernel(CudaContextual t) {
  __shared__ double weight[kThreads], partial[kWarps][32 * G];
  __shared__ bool last;
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32,
            warp = thread / 32;
  const int chunks = static_cast<int>(gridDim.x) / 2,
            label = static_cast<int>(blockIdx.x) / chunks,
            chunk = static_cast<int>(blockIdx.x) % chunks;
  const int image = static_cast<int>(blockIdx.y), n = t.counts[0] + t.counts[1],
            E = t.embed_dim;
  const int64_t at = static_cast<int64_t>(image) * n;
  const Intervals intervals = find_intervals(t.similarity + at, t.counts[0], n);
  const auto score_of = [&](int prompt) {
    return t.options.enabled
               ? contextual_of(intervals.delta(t.similarity[at + prompt]),
                               t.options.slope)
               : 0.0f;
  };

  int kept[2] = {};
  for (int start = 0; start < n; start += kThreads) {
    const int prompt = start + thread;
    const bool keep = prompt < n && score_of(prompt) > 0;
    kept[0] += __syncthreads_count(keep && prompt < t.counts[0]);
    kept[1] += __syncthreads_count(keep && prompt >= t.counts[0]);
  }
  const bool either =
      t.options.fallback == Fallback::kBoth && (kept[0] == 0 || kept[1] == 0);
  const bool whole[2] = {!t.options.enabled || either || kept[0] == 0,
                         !t.options.enabled || either || kept[1] == 0};

  // A direction has no length: scores as weights count beside the largest of
  // them, however small a slope makes them all.
  const bool all = label ? whole[1] : whole[0],
             weighted = !all && t.options.weighting == Weighting::kScore;
  const double most = weighted ? static_cast<double>(contextual_of(
                                     intervals.most(label), t.options.slope))
                               : 1.0;
  const int rows = label ? t.counts[1] : t.counts[0],
            first = label ? t.counts[0] : 0, column = (chunk * 32 + lane) * G;
  double sum[G] = {};
  for (int start = 0; start < rows; start += kThreads) {
    const int row = start + thread;
    __syncthreads();  // the last weights have been read
    if (row < rows) {
      const float score = score_of(first + row);
      weight[thread] = all         ? 1.0
                       : weighted  ? score / most
                       : score > 0 ? 1.0
                                   : 0.0;
      if (chunk == 0) {
        t.score[at + first + row] = score;
        t.kept[at + first + row] = all || score > 0;
      }
    } else {
      weight[thread] = 0;
    }
    __syncthreads();
    const float* from =
        t.prompts + static_cast<int64_t>(first + start) * E + column;
    for (int r = warp; r < min(kThreads, rows - start);
         r += kRowsAtOnce * kWarps) {
      Group<G> group[kRowsAtOnce] = {};
      double w[kRowsAtOnce];
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i) {
        const int own = r + i * kWarps;
        w[i] = own < kThreads && column < E ? weight[own] : 0.0;
        if (w[i] != 0) group[i] = load<G>(from + static_cast<int64_t>(own) * E);
      }
#pragma unroll
      for (int i = 0; i < kRowsAtOnce; ++i)
#pragma unroll
        for (int j = 0; j < G; ++j) sum[j] += w[i] * group[i].v[j];
    }
  }
#pragma unroll
  for (int j = 0; j < G; ++j) partial[warp][lane * G + j] = sum[j];
  __syncthreads();
  if (thread < 32 * G && chunk * 32 * G + thread < E) {
    double total = 0;
    for (int w = 0; w < kWarps; ++w) total += partial[w][thread];
    t.direction[(static_cast<int64_t>(image) * 2 + label) * E + chunk * 32 * G +
                thread] = static_cast<float>(total);
    __threadfence();  // before the counter says so
  }
  __syncthreads();
  if (thread == 0) {
    last =
        atomicAdd(t.summary + 4 * image, 1) == static_cast<int>(gridDim.x) - 1;
    __threadfence();
  }
  __syncthreads();
  if (last) finish(t, image, kept, whole);
}

template <int G>
void run(const CudaContextual& t, CudaStream stream) {
  const auto blocks = [](int count, int each) {
    return static_cast<unsigned>((count + each - 1) / each);
  };
  const unsigned prompts = blocks(t.counts[0] + t.counts[1], kSimilarityWarps);
  constexpr int kTogether = 4;
  if (t.images < kTogether)
    launch("similarity", similarity_kernel<G, 1>, dim3(prompts, t.images),
           32 * kSimilarityWarps, 0, stream, t);
  else
    launch("similarity", similarity_kernel<G, kTogether>,
           dim3(prompts, blocks(t.images, kTogether)), 32 * kSimilarityWarps, 0,
           stream, t);
  launch("direction", direction_kernel<G>,
         dim3(2 * blocks(t.embed_dim, 32 * G), t.images), kThreads, 0, stream,
         t);
}

}  // namespace

void contextual_cuda(const CudaContextual& t, CudaStream stream) {
  if (t.counts[0] < 1 || t.counts[1] < 1)
    throw Error(Code::kRange,
                "prompts: expected at least 1 of each label but found " +
                    std::to_string(t.counts[0]) + " and " +
                    std::to_string(t.counts[1]));
  if (!(t.options.slope > 0))
    throw Error(Code::kRange,
                "contextual slope: expected a number above 0 but found " +
                    std::to_string(t.options.slope));
  if (t.images == 0) return;
  if (t.embed_dim % 4 == 0 && t.image_stride % 4 == 0 && aligned16(t.image) &&
      aligned16(t.prompts))
    run<4>(t, stream);
  else
    run<1>(t, stream);
}

}  // namespace alfa::kernels
