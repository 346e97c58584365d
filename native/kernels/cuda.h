// What the CUDA twins of the kernels share, for callers that know no CUDA
// header. Every pointer of a CUDA task is device memory unless it says
// otherwise, 16-byte aligned at its rows; every call only launches, on the
// stream it is given: no allocation, no synchronisation, so that a chain of
// calls can be captured as one graph. A launch that fails throws
// Error(kRuntime) with CUDA's own words.
#pragma once

struct CUstream_st;

namespace alfa::kernels {

using CudaStream = CUstream_st*;

enum class Element {
  kFloat,
  kHalf
};  // what activations are made of; sums are fp32 or wider either way

constexpr int bytes_of(Element element) {
  return element == Element::kFloat ? 4 : 2;
}

}  // namespace alfa::kernels
