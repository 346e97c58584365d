// Chooses the kernel: tiles on the tensor cores, or a warp to a query.
#include <cmath>
#include <string>

#include "kernels/launch.cuh"
#include "kernels/segment_attention/query_attention.cuh"
#include "kernels/segment_attention/segment_attention_cuda.h"
#include "kernels/segment_attention/tile_attention.cuh"

namespace alfa::kernels {
namespace {

using Kernel = void (*)(CudaSegmentAttention, float);

// Whether every head of every row starts at a multiple of 16 bytes.
template <typename T>
bool aligned_heads(const CudaSegmentAttention& a) {
  return a.head_width % kPerChunk<T> == 0 && a.q_stride % kPerChunk<T> == 0 &&
         a.kv_stride % kPerChunk<T> == 0 && aligned16(a.q) && aligned16(a.k) &&
         aligned16(a.v) && aligned16(a.out);
}

// Null where the tensor cores do not fit the task.
Kernel tile_kernel(const CudaSegmentAttention& a) {
  const bool fits = a.element == Element::kHalf && a.kind == Queries::kAll &&
                    (a.head_width == 64 || a.head_width == 32) &&
                    aligned_heads<__half>(a) && aligned16(a.q_bias) &&
                    aligned16(a.v_bias);
  if (!fits) return nullptr;
  if (a.head_width == 64)
    return a.rows ? attend_tiles<64, true> : attend_tiles<64, false>;
  return a.rows ? attend_tiles<32, true> : attend_tiles<32, false>;
}

// attend_queries<T, elements of a load, loads of a lane>.
template <typename T>
Kernel query_kernel(const CudaSegmentAttention& a) {
  if (!aligned_heads<T>(a))
    return a.head_width <= 64 ? attend_queries<T, 1, 8>
                              : attend_queries<T, 1, kMaxHeadWidth / 8>;
  const int loads = (a.head_width / kPerChunk<T> + 7) / 8;
  if (loads == 1) return attend_queries<T, kPerChunk<T>, 1>;
  if (loads == 2) return attend_queries<T, kPerChunk<T>, 2>;
  if (loads <= 4) return attend_queries<T, kPerChunk<T>, 4>;
  return attend_queries<T, kPerChunk<T>, kMaxHeadWidth / (8 * kPerChunk<T>)>;
}

}  // namespace

void segment_attention_cuda(const CudaSegmentAttention& a, CudaStream stream) {
  if (a.queries == 0) return;
  if (a.head_width > kMaxHeadWidth)
    throw Error(Code::kRange, "segment_attention: expected heads of at most " +
                                  std::to_string(kMaxHeadWidth) +
                                  " elements on CUDA but received heads of " +
                                  std::to_string(a.head_width) + ".");
  // The kernels compute weights as powers of 2, so scores are divided by ln 2.
  constexpr double kLog2E = 1.4426950408889634;
  const auto scale =
      static_cast<float>(kLog2E / std::sqrt(static_cast<double>(a.head_width)));
  Kernel kernel = tile_kernel(a);
  int rows_per_warp = kTileRows;
  int warps = kTileWarps;
  if (!kernel) {
    kernel = a.element == Element::kHalf ? query_kernel<__half>(a)
                                         : query_kernel<float>(a);
    rows_per_warp = 1;
    warps = kQueryWarps;
  }
  const unsigned blocks = blocks_for(a.queries, rows_per_warp * warps);
  launch("segment_attention", kernel, blocks * static_cast<unsigned>(a.heads),
         32 * static_cast<unsigned>(warps), 0, stream, a, scale);
}

}  // namespace alfa::kernels
