// A block to a tile of the output. Floor: the output itself, 230 KB for 240 x
// 240, 0.05 us an image at 4.3 TB/s; the input comes out of the L1 cache. Every
// operation is the CPU's, rounded as there (none is fused with the next), so
// maps are the CPU's bit for bit.
#include <cstdint>
#include <string>

#include "kernels/launch.cuh"
#include "kernels/upsample/upsample_cuda.h"

namespace alfa::kernels {
namespace {

constexpr int kColumns = 64, kRows = 16,
              kDown =
                  4;  // of a tile; kDown: rows that its threads do at a time

struct Sample {  // between pixel `at` and its neighbour `next`, `part` of the
                 // way
  int at, next;
  float part;
};

// Whole: of whole numbers up to 2 * in * out. 64 bits take a GPU a hundred
// instructions to divide.
template <typename Whole>
__device__ Sample sample_of(int i, int in, int out, Align align) {
  const bool corners = align == Align::kCorners;
  const Whole steps = corners ? Whole(out > 1 ? out - 1 : 1)
                              : 2 * Whole(out);  // from pixel to pixel
  const Whole ahead = (2 * Whole(i) + 1) * Whole(in);
  const Whole x = corners              ? Whole(i) * Whole(in - 1)
                  : ahead > Whole(out) ? ahead - Whole(out)
                                       : 0;
  const Whole at = x / steps;
  return {static_cast<int>(at), min(static_cast<int>(at) + 1, in - 1),
          static_cast<float>(static_cast<double>(x - at * steps) /
                             static_cast<double>(steps))};
}

__device__ inline float between(float a, float b, float part) {
  return __fadd_rn(a, __fmul_rn(__fsub_rn(b, a), part));
}

template <typename Whole>
__global__ void __launch_bounds__(kColumns* kDown)
    upsample_kernel(const float* __restrict__ in, int width, int height,
                    int out_width, int out_height, Align align,
                    float* __restrict__ out) {
  __shared__ Sample columns[kColumns], rows[kRows];
  const int left = static_cast<int>(blockIdx.x) * kColumns,
            top = static_cast<int>(blockIdx.y) * kRows,
            thread = static_cast<int>(threadIdx.x);
  if (thread < kColumns)
    columns[thread] = sample_of<Whole>(min(left + thread, out_width - 1), width,
                                       out_width, align);
  else if (thread < kColumns + kRows)
    rows[thread - kColumns] =
        sample_of<Whole>(min(top + thread - kColumns, out_height - 1), height,
                         out_height, align);
  __syncthreads();
  const int x = left + thread % kColumns;
  if (x >= out_width) return;
  in += static_cast<int64_t>(blockIdx.z) * width * height;
  out += static_cast<int64_t>(blockIdx.z) * out_width * out_height;
  const Sample c = columns[thread % kColumns];
#pragma unroll
  for (int i = 0; i < kRows; i += kDown) {
    const int row = i + thread / kColumns, y = top + row;
    if (y >= out_height) continue;
    const Sample r = rows[row];
    const float *upper = in + static_cast<int64_t>(r.at) * width,
                *lower = in + static_cast<int64_t>(r.next) * width;
    out[static_cast<int64_t>(y) * out_width + x] =
        between(between(upper[c.at], upper[c.next], c.part),
                between(lower[c.at], lower[c.next], c.part), r.part);
  }
}

}  // namespace

void upsample_cuda(const float* in, int images, int width, int height,
                   int out_width, int out_height, Align align, float* out,
                   CudaStream stream) {
  if (width < 1 || height < 1 || out_width < 1 || out_height < 1) {
    throw Error(Code::kRange, "map size: expected at least 1 x 1 but found " +
                                  std::to_string(width) + " x " +
                                  std::to_string(height) + " to " +
                                  std::to_string(out_width) + " x " +
                                  std::to_string(out_height));
  }
  if (images == 0) return;
  const dim3 grid((out_width + kColumns - 1) / kColumns,
                  (out_height + kRows - 1) / kRows, images);
  const bool small =
      2 * static_cast<int64_t>(width) * out_width <= UINT32_MAX &&
      2 * static_cast<int64_t>(height) * out_height <= UINT32_MAX;
  launch("upsample",
         small ? upsample_kernel<uint32_t> : upsample_kernel<uint64_t>, grid,
         kColumns * kDown, 0, stream, in, width, height, out_width, out_height,
         align, out);
}

}  // namespace alfa::kernels
