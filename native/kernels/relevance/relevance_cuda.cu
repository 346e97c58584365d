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

// A block per gradient; thread j takes the segment's rows j, j + kThreads, ...
// Shared: the head's scores, and what two reductions need.
__global__ void relevance_kernel(Relevance t, const int32_t* segment_bounds) {
  float* scores = reinterpret_cast<float*>(dynamic_shared());  // [length]
  float* sum = scores + t.length;   // [length], over the heads
  float* reduced = sum + t.length;  // [kThreads]
  const int target = blockIdx.x, thread = threadIdx.x,
            segment = t.segment[target];
  const int64_t width = static_cast<int64_t>(t.heads) * t.head_width,
                first = segment_bounds[2 * segment];
  const float scale = 1.0f / sqrtf(static_cast<float>(t.head_width));
  const auto over_block = [&](float own, bool largest) {
    reduced[thread] = own;
    __syncthreads();
    for (int half = kThreads / 2; half > 0; half /= 2) {
      if (thread < half)
        reduced[thread] = largest
                              ? fmaxf(reduced[thread], reduced[thread + half])
                              : reduced[thread] + reduced[thread + half];
      __syncthreads();
    }
    const float all = reduced[0];
    __syncthreads();
    return all;
  };
  for (int j = thread; j < t.length; j += kThreads) sum[j] = 0;
  for (int h = 0; h < t.heads; ++h) {
    const int64_t column = static_cast<int64_t>(h) * t.head_width;
    float most = -INFINITY;
    for (int j = thread; j < t.length; j += kThreads) {
      scores[j] = dot(t.q + segment * width + column,
                      t.k + (first + j) * width + column, t.head_width) *
                  scale;
      most = fmaxf(most, scores[j]);
    }
    const float largest = over_block(most, true);
    float total = 0;
    for (int j = thread; j < t.length; j += kThreads)
      total += scores[j] = expf(scores[j] - largest);
    const float norm = 1.0f / over_block(total, false);
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
  launch("relevance", relevance_kernel, dim3(task.count), dim3(kThreads),
         (2 * static_cast<size_t>(task.length) + kThreads) * sizeof(float),
         stream, task, segment_bounds);
}

}  // namespace alfa::kernels
