// Which of the two kernels a call gets: tiles on the tensor cores, or a warp to
// a query.
#include <cmath>
#include <string>

#include "kernels/launch.cuh"
#include "kernels/segment_attention/query_attention.cuh"
#include "kernels/segment_attention/segment_attention_cuda.h"
#include "kernels/segment_attention/tile_attention.cuh"

namespace alfa::kernels {
namespace {

using Kernel = void (*)(CudaSegmentAttention, float);

template <typename T>
bool whole_chunks(const CudaSegmentAttention&
                      a) {  // every head of every row starts at 16 bytes
  return a.head_width % kPerChunk<T> == 0 && a.q_stride % kPerChunk<T> == 0 &&
         a.kv_stride % kPerChunk<T> == 0 && aligned16(a.q) && aligned16(a.k) &&
         aligned16(a.v) && aligned16(a.out);
}

Kernel tile_kernel(
    const CudaSegmentAttention& a) {  // null where it does not fit
  const bool fits = a.element == Element::kHalf && a.kind == Queries::kAll &&
                    (a.head_width == 64 || a.head_width == 32) &&
                    whole_chunks<__half>(a) && aligned16(a.q_bias) &&
                    aligned16(a.v_bias);
  if (!fits) return nullptr;
  if (a.head_width == 64)
    return a.rows ? attend_tiles<64, true> : attend_tiles<64, false>;
  return a.rows ? attend_tiles<32, true> : attend_tiles<32, false>;
}

template <typename T>
Kernel query_kernel(const CudaSegmentAttention& a) {
  if (!whole_chunks<T>(a))
    return a.head_width <= 64 ? attend_queries<T, 1, 8>
                              : attend_queries<T, 1, kMostHeadWidth / 8>;
  const int loads = (a.head_width / kPerChunk<T> + 7) / 8;
  if (loads == 1) return attend_queries<T, kPerChunk<T>, 1>;
  if (loads == 2) return attend_queries<T, kPerChunk<T>, 2>;
  if (loads <= 4) return attend_queries<T, kPerChunk<T>, 4>;
  return attend_queries<T, kPerChunk<T>, kMostHeadWidth / (8 * kPerChunk<T>)>;
}

}  // namespace

void segment_attention_cuda(const CudaSegmentAttention& a, CudaStream stream) {
  if (a.queries == 0) return;
  if (a.head_width > kMostHeadWidth) {
    throw Error(Code::kRange, "segment_attention: heads of at most " +
                                  std::to_string(kMostHeadWidth) +
                                  " on CUDA, found " +
                                  std::to_string(a.head_width));
  }
  const float scale = static_cast<float>(
      1.4426950408889634 /
      std::sqrt(static_cast<double>(a.head_width)));  // weights are powers of 2
  const Kernel tiles = tile_kernel(a);
  const Kernel kernel = tiles                         ? tiles
                        : a.element == Element::kHalf ? query_kernel<__half>(a)
                                                      : query_kernel<float>(a);
  const int per_block = tiles ? kTileRows * kTileWarps : kQueryWarps;
  const auto blocks =
      static_cast<unsigned>((a.queries + per_block - 1) / per_block * a.heads);
  launch("segment_attention", kernel, blocks,
         32 * (tiles ? kTileWarps : kQueryWarps), 0, stream, a, scale);
}

}  // namespace alfa::kernels
