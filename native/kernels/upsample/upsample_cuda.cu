// A block to a tile of the output. Lower bound: the output itself, 230 KB for a
// map of 240 x 240, 0.05 us an image at 4.3 TB/s. The input comes from the L1
// cache.
//
// Every operation is rounded as on the CPU, and none is fused with the next. So
// maps are equal to the CPU's bit for bit.
#include <cstdint>
#include <string>

#include "kernels/launch.cuh"
#include "kernels/upsample/upsample_cuda.h"

namespace alfa::kernels {
namespace {

// A tile of the output, and how many of its rows the threads take at a time.
constexpr int kColumns = 64;
constexpr int kRows = 16;
constexpr int kRowsAtOnce = 4;

// An output pixel along one axis: between input pixels `low` and `high`, at
// `fraction` of the way.
struct Sample {
  int low, high;
  float fraction;
};

// As make_samples on the CPU. Integer holds numbers up to 2 * in * out: 32 bits
// where these are enough, because a GPU needs a hundred instructions for a
// division of 64 bits.
template <typename Integer>
__device__ Sample make_sample(int i, int in, int out, Align align) {
  Integer steps, position;
  if (align == Align::kCorners) {
    steps = Integer(out > 1 ? out - 1 : 1);
    position = Integer(i) * Integer(in - 1);
  } else {
    const Integer ahead = (2 * Integer(i) + 1) * Integer(in);
    steps = 2 * Integer(out);
    position = ahead > Integer(out) ? ahead - Integer(out) : 0;
  }
  const Integer low = position / steps;
  const double fraction =
      static_cast<double>(position - low * steps) / static_cast<double>(steps);
  return {static_cast<int>(low), min(static_cast<int>(low) + 1, in - 1),
          static_cast<float>(fraction)};
}

__device__ inline float interpolate(float a, float b, float fraction) {
  return __fadd_rn(a, __fmul_rn(__fsub_rn(b, a), fraction));
}

template <typename Integer>
__global__ void __launch_bounds__(kColumns* kRowsAtOnce)
    upsample_kernel(const float* __restrict__ in, int width, int height,
                    int out_width, int out_height, Align align,
                    float* __restrict__ out) {
  __shared__ Sample columns[kColumns];
  __shared__ Sample rows[kRows];
  const int left = static_cast<int>(blockIdx.x) * kColumns;
  const int top = static_cast<int>(blockIdx.y) * kRows;
  const int thread = static_cast<int>(threadIdx.x);
  if (thread < kColumns)
    columns[thread] = make_sample<Integer>(min(left + thread, out_width - 1),
                                           width, out_width, align);
  else if (thread < kColumns + kRows)
    rows[thread - kColumns] =
        make_sample<Integer>(min(top + thread - kColumns, out_height - 1),
                             height, out_height, align);
  __syncthreads();
  const int x = left + thread % kColumns;
  if (x >= out_width) return;
  in += static_cast<int64_t>(blockIdx.z) * width * height;
  out += static_cast<int64_t>(blockIdx.z) * out_width * out_height;
  const Sample c = columns[thread % kColumns];
#pragma unroll
  for (int i = 0; i < kRows; i += kRowsAtOnce) {
    const int row = i + thread / kColumns;
    const int y = top + row;
    if (y >= out_height) continue;
    const Sample r = rows[row];
    const float* upper = in + static_cast<int64_t>(r.low) * width;
    const float* lower = in + static_cast<int64_t>(r.high) * width;
    out[static_cast<int64_t>(y) * out_width + x] = interpolate(
        interpolate(upper[c.low], upper[c.high], c.fraction),
        interpolate(lower[c.low], lower[c.high], c.fraction), r.fraction);
  }
}

}  // namespace

void upsample_cuda(const float* in, int images, int width, int height,
                   int out_width, int out_height, Align align, float* out,
                   CudaStream stream) {
  if (width < 1 || height < 1 || out_width < 1 || out_height < 1)
    throw Error(Code::kRange,
                "map size: expected at least 1 x 1 pixels but received " +
                    std::to_string(width) + " x " + std::to_string(height) +
                    " to " + std::to_string(out_width) + " x " +
                    std::to_string(out_height) + ".");
  if (images == 0) return;
  const dim3 grid(blocks_for(out_width, kColumns),
                  blocks_for(out_height, kRows), static_cast<unsigned>(images));
  const bool fits_32_bits =
      2 * static_cast<int64_t>(width) * out_width <= UINT32_MAX &&
      2 * static_cast<int64_t>(height) * out_height <= UINT32_MAX;
  launch("upsample",
         fits_32_bits ? upsample_kernel<uint32_t> : upsample_kernel<uint64_t>,
         grid, kColumns * kRowsAtOnce, 0, stream, in, width, height, out_width,
         out_height, align, out);
}

}  // namespace alfa::kernels
