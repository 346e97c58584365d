// Types that the CUDA kernels' headers share. It includes no CUDA header, so
// any code can include it.
//
// Rules for every CUDA kernel:
// - A pointer in a task is device memory unless its comment says otherwise.
//   Kernels run fastest where every row starts at a multiple of 16 bytes.
// - A call only launches kernels on the stream that it gets. It neither
//   allocates nor waits, so a sequence of calls can be captured as a CUDA
//   graph.
// - A failed launch throws Error(kRuntime), or Error(kMemory), with CUDA's own
//   message.
#pragma once

struct CUstream_st;

namespace alfa::kernels {

using CudaStream = CUstream_st*;

// The type of activations: fp32 or fp16. Sums are fp32 or double for both.
enum class Element { kFloat, kHalf };

constexpr int bytes_of(Element element) {
  return element == Element::kFloat ? 4 : 2;
}

}  // namespace alfa::kernels
