// Copies and fills. The direction of a copy is checked: on a real device a
// wrong direction fails or is slow.
#include <cstring>

#include "cuda_emulator/memory.h"
#include "cuda_emulator/problem.h"
#include "cuda_emulator/sanitizer.h"
#include "cuda_emulator/stream.h"

using namespace alfa::emulated;

namespace {

cudaError_t check(const void* to, const void* from, size_t bytes,
                  cudaMemcpyKind kind) {
  if (bytes == 0 || kind == cudaMemcpyDefault) return cudaSuccess;
  const bool to_device =
      kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device =
      kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (on_device(to, to_device ? bytes : 1) != to_device)
    return report(
        cudaErrorInvalidValue,
        to_device
            ? "the destination of a copy to the device is not device memory"
            : "the destination of a copy to the host is device memory");
  if (on_device(from, from_device ? bytes : 1) != from_device)
    return report(
        cudaErrorInvalidValue,
        from_device
            ? "the source of a copy from the device is not device memory"
            : "the source of a copy from the host is device memory");
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes,
                            cudaMemcpyKind kind, cudaStream_t stream) {
  if (const cudaError_t error = check(to, from, bytes, kind);
      error != cudaSuccess)
    return error;
  return submit(stream, [=] {
    if (bytes) std::memmove(to, from, bytes);
    sanitizer::mark_written(to, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from,
                              size_t from_pitch, size_t width, size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream) {
  if (width == 0 || height == 0) return cudaSuccess;
  if (width > to_pitch || width > from_pitch)
    return report(cudaErrorInvalidValue,
                  "rows of a copy are wider than their pitch");
  for (const size_t row : {size_t{0}, height - 1}) {
    const cudaError_t error =
        check(static_cast<char*>(to) + row * to_pitch,
              static_cast<const char*>(from) + row * from_pitch, width, kind);
    if (error != cudaSuccess) return error;
  }
  return submit(stream, [=] {
    for (size_t row = 0; row < height; ++row) {
      std::memmove(static_cast<char*>(to) + row * to_pitch,
                   static_cast<const char*>(from) + row * from_pitch, width);
      sanitizer::mark_written(static_cast<char*>(to) + row * to_pitch, width);
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes,
                       cudaMemcpyKind kind) {
  const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
  return error != cudaSuccess ? error : cudaStreamSynchronize(nullptr);
}

cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes,
                            cudaStream_t stream) {
  if (bytes && !on_device(memory, bytes))
    return report(cudaErrorInvalidValue, "a fill outside device memory");
  return submit(stream, [=] {
    if (bytes) std::memset(memory, value, bytes);
    sanitizer::mark_written(memory, bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaMemset(void* memory, int value, size_t bytes) {
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}
