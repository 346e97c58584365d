#include "kernels/launch.cuh"
#include "kernels/relevance/relevance_cuda.h"

namespace alfa::kernels {
namespace {

constexpr int kThreads = 256;

__device__ float dot(const float* a, const float* b, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// A block to a gradient. Thread j takes the segment's rows j, j + kThreads, and
// so on.
__global__ void relevance_kernel(Relevance t, const int32_t* segment_bounds) {
  float* scores = reinterpret_cast<float*>(dynamic_shared());  // [length]
  float* sum = scores + t.length;     // [length], over the heads
  float* reduction = sum + t.length;  // [kThreads]
  const int target = blockIdx.x;
  const int thread = threadIdx.x;
  const int segment = t.segment[target];
  const int64_t width = static_cast<int64_t>(t.heads) * t.head_width;
  const int64_t first = segment_bounds[2 * segment];
  const float scale = 1.0f / sqrtf(static_cast<float>(t.head_width));

  // The maximum or the sum of `value` over the threads of the block.
  const auto reduce = [&](float value, bool maximum) {
    reduction[thread] = value;
    __syncthreads();
    for (int half = kThreads / 2; half > 0; half /= 2) {
      if (thread < half) {
        const float a = reduction[thread];
        const float b = reduction[thread + half];
        reduction[thread] = maximum ? fmaxf(a, b) : a + b;
      }
      __syncthreads();
    }
    const float result = reduction[0];
    __syncthreads();
    return result;
  };

  for (int j = thread; j < t.length; j += kThreads) sum[j] = 0;
  for (int h = 0; h < t.heads; ++h) {
    const int64_t column = static_cast<int64_t>(h) * t.head_width;
    float maximum = -INFINITY;
    for (int j = thread; j < t.length; j += kThreads) {
      scores[j] = dot(t.q + segment * width + column,
                      t.k + (first + j) * width + column, t.head_width) *
                  scale;
      maximum = fmaxf(maximum, scores[j]);
    }
    const float largest = reduce(maximum, true);
    float total = 0;
    for (int j = thread; j < t.length; j += kThreads) {
      scores[j] = expf(scores[j] - largest);
      total += scores[j];
    }
    const float norm = 1.0f / reduce(total, false);
    for (int j = thread; j < t.length; j += kThreads) {
      const float gradient =
          dot(t.v + (first + j) * width + column,
              t.gradient + target * width + column, t.head_width);
      sum[j] += fmaxf(0.0f, scores[j] * norm * gradient);
    }
  }
  for (int j = thread; j < t.length; j += kThreads)
    t.out[static_cast<int64_t>(target) * t.length + j] = sum[j] / t.heads;
}

}  // namespace

void relevance_cuda(const Relevance& task, const int32_t* segment_bounds,
                    CudaStream stream) {
  if (task.count == 0) return;
  const size_t floats = 2 * static_cast<size_t>(task.length) + kThreads;
  launch("relevance", relevance_kernel, static_cast<unsigned>(task.count),
         kThreads, floats * sizeof(float), stream, task, segment_bounds);
}

}  // namespace alfa::kernels
