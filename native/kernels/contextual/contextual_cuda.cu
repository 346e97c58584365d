// Two kernels: the similarities, then everything that follows from them.
//
// One image with 300 prompts of 640 floats reads 768 KB in each kernel. From
// the second image on, they are in the L2 cache: at least 0.14 us an image at
// 5.5 TB/s. The latency of a batch of one matters more. The second kernel
// therefore spreads the columns of the mean over blocks. Each block finds the
// intervals again (300 numbers), which is faster than a third kernel.
#include <string>

#include "kernels/block_sum.cuh"
#include "kernels/chunk.cuh"
#include "kernels/contextual/abnormal_probability.cuh"
#include "kernels/contextual/contextual_cuda.h"
#include "kernels/launch.cuh"

namespace alfa::kernels {
namespace {

// The G floats of one load: 4 where alignment allows it, else 1.
template <int G>
struct __align__(4 * G) Group {
  float v[G];
};
template <int G>
__device__ inline Group<G> load(const float* at) {
  return *reinterpret_cast<const Group<G>*>(at);
}

constexpr int kSimilarityWarps = 4;
// Loads of a lane in flight at once. 5 loads of 32 lanes x 4 floats are 640
// floats, a whole embedding.
constexpr int kSteps = 5;

// A warp to a prompt, which it reads once for kImages images. The order of
// additions does not depend on the prompt, so equal prompts get equal
// similarities. Also sets the counters of the second kernel (the first number
// of each summary) to 0.
template <int G, int kImages>
__global__ void __launch_bounds__(32 * kSimilarityWarps)
    similarity_kernel(CudaContextual t) {
  const int n = t.counts[0] + t.counts[1];
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int prompt = static_cast<int>(blockIdx.x) * kSimilarityWarps +
                     static_cast<int>(threadIdx.x / 32);
  const int first = static_cast<int>(blockIdx.y) * kImages;
  const int images = min(kImages, t.images - first);
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

constexpr int kThreads = 512;
constexpr int kWarps = kThreads / 32;
constexpr int kRowsAtOnce = 4;  // rows whose loads a warp has in flight at once

// The intervals [low, high] of the similarities of both labels.
struct Intervals {
  float low[2], high[2];

  __device__ static double distance(double s, float low, float high) {
    return fmax(0.0, fmax(low - s, s - high));
  }
  __device__ double delta(float s) const {
    return fabs(distance(s, low[0], high[0]) - distance(s, low[1], high[1]));
  }
  // The largest delta of a label's prompts. It is at an end of the label's
  // interval, because the distance to the other interval grows towards the
  // ends.
  __device__ double largest_delta(int label) const {
    return fmax(delta(label ? low[1] : low[0]),
                delta(label ? high[1] : high[0]));
  }
};

__device__ Intervals find_intervals(const float* similarity, int normal,
                                    int n) {
  __shared__ float ends[kWarps][4];
  const int thread = static_cast<int>(threadIdx.x);
  // Both lows, then both highs with the sign changed: one minimum finds all.
  float end[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
  for (int i = thread; i < n; i += kThreads) {
    const float s = similarity[i];
    if (i < normal) {  // constant indices keep the array in registers
      end[0] = fminf(end[0], s);
      end[2] = fminf(end[2], -s);
    } else {
      end[1] = fminf(end[1], s);
      end[3] = fminf(end[3], -s);
    }
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

// S_c. 2 / (1 + exp(-x)) - 1 equals tanh(x / 2), which stays above 0 for a
// small delta. The result is limited to the largest float below 1.
__device__ inline float contextual_score_of(double delta, float slope) {
  return fminf(static_cast<float>(tanh(static_cast<double>(slope) * delta / 2)),
               0x1.fffffep-1f);
}

// The last block of an image normalises both sums and computes the global
// score. The order of additions is fixed, so it does not matter which block is
// last.
// __ldcg reads the sums of the other blocks from the L2 cache, past this
// block's own L1 cache.
__device__ void finish(const CudaContextual& t, int image, const int (&kept)[2],
                       const bool (&keep_all)[2]) {
  const int E = t.embed_dim;
  const int thread = static_cast<int>(threadIdx.x);
  float* direction = t.direction + static_cast<int64_t>(image) * 2 * E;
  const float* embedding = t.image + image * t.image_stride;
  double squares[2] = {};
  double similarity[2] = {};
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
      similarity[label] += static_cast<double>(unit) * embedding[e];
    }
  }
  block_sum<kThreads>(similarity);
  if (thread > 0) return;
  t.global[image] =
      abnormal_probability(similarity[0], similarity[1], t.temperature);
  for (int label = 0; label < 2; ++label) {
    t.summary[4 * image + label] =
        keep_all[label] ? t.counts[label] : kept[label];
    t.summary[4 * image + 2 + label] = t.options.enabled && keep_all[label];
  }
}

// A block to an image, a label and 32 * G columns of the label's mean. The
// warps take the prompts in turn.
template <int G>
__global__ void __launch_bounds__(kThreads) direction_kernel(CudaContextual t) {
  __shared__ double weight[kThreads];
  __shared__ double partial[kWarps][32 * G];
  __shared__ bool last;
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % 32;
  const int warp = thread / 32;
  const int chunks = static_cast<int>(gridDim.x) / 2;  // blocks of a label
  const int label = static_cast<int>(blockIdx.x) / chunks;
  const int chunk = static_cast<int>(blockIdx.x) % chunks;
  const int image = static_cast<int>(blockIdx.y);
  const int n = t.counts[0] + t.counts[1];
  const int E = t.embed_dim;
  const int64_t at = static_cast<int64_t>(image) * n;
  const Intervals intervals = find_intervals(t.similarity + at, t.counts[0], n);
  const auto score_of = [&](int prompt) {
    return t.options.enabled
               ? contextual_score_of(intervals.delta(t.similarity[at + prompt]),
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
  const bool both_fall_back =
      t.options.fallback == Fallback::kBoth && (kept[0] == 0 || kept[1] == 0);
  const bool keep_all[2] = {
      !t.options.enabled || both_fall_back || kept[0] == 0,
      !t.options.enabled || both_fall_back || kept[1] == 0};

  // Weights are divided by the largest one. The direction does not change, and
  // a small slope, which makes all scores small, loses no precision.
  const bool all = label ? keep_all[1] : keep_all[0];
  const bool weighted = !all && t.options.weighting == Weighting::kScore;
  const double largest =
      weighted ? static_cast<double>(contextual_score_of(
                     intervals.largest_delta(label), t.options.slope))
               : 1.0;
  const int rows = label ? t.counts[1] : t.counts[0];
  const int first = label ? t.counts[0] : 0;
  const int column = (chunk * 32 + lane) * G;
  double sum[G] = {};
  for (int start = 0; start < rows; start += kThreads) {
    const int row = start + thread;
    __syncthreads();  // all threads have used the previous weights
    if (row < rows) {
      const float score = score_of(first + row);
      if (all)
        weight[thread] = 1.0;
      else if (weighted)
        weight[thread] = score / largest;
      else
        weight[thread] = score > 0 ? 1.0 : 0.0;
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
        const int member = r + i * kWarps;
        w[i] = member < kThreads && column < E ? weight[member] : 0.0;
        if (w[i] != 0)
          group[i] = load<G>(from + static_cast<int64_t>(member) * E);
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
    __threadfence();  // the sums are visible before the counter changes
  }
  __syncthreads();
  if (thread == 0) {
    last =
        atomicAdd(t.summary + 4 * image, 1) == static_cast<int>(gridDim.x) - 1;
    __threadfence();
  }
  __syncthreads();
  if (last) finish(t, image, kept, keep_all);
}

template <int G>
void run(const CudaContextual& t, CudaStream stream) {
  constexpr int kTogether = 4;  // images that share a read of the prompts
  const int n = t.counts[0] + t.counts[1];
  const auto images = static_cast<unsigned>(t.images);
  const unsigned prompt_blocks = blocks_for(n, kSimilarityWarps);
  if (t.images < kTogether)
    launch("similarity", similarity_kernel<G, 1>, dim3(prompt_blocks, images),
           32 * kSimilarityWarps, 0, stream, t);
  else
    launch("similarity", similarity_kernel<G, kTogether>,
           dim3(prompt_blocks, blocks_for(t.images, kTogether)),
           32 * kSimilarityWarps, 0, stream, t);
  launch("direction", direction_kernel<G>,
         dim3(2 * blocks_for(t.embed_dim, 32 * G), images), kThreads, 0, stream,
         t);
}

}  // namespace

void contextual_cuda(const CudaContextual& t, CudaStream stream) {
  if (t.counts[0] < 1 || t.counts[1] < 1)
    throw Error(Code::kRange,
                "prompts: expected at least 1 of each label but received " +
                    std::to_string(t.counts[0]) + " and " +
                    std::to_string(t.counts[1]) + ".");
  if (!(t.options.slope > 0))
    throw Error(Code::kRange,
                "contextual slope: expected a number above 0 but received " +
                    std::to_string(t.options.slope) + ".");
  if (t.images == 0) return;
  if (t.embed_dim % 4 == 0 && t.image_stride % 4 == 0 && aligned16(t.image) &&
      aligned16(t.prompts))
    run<4>(t, stream);
  else
    run<1>(t, stream);
}

}  // namespace alfa::kernels
