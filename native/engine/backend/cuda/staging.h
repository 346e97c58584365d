// The pixels of a batch on their way to the device. They are collected in
// pinned memory, so that the copy does not block the host.
#pragma once
#include <cstddef>
#include <cstdint>

#include "runtime/cuda/device.h"

namespace alfa {

class PixelStaging {
 public:
  explicit PixelStaging(CudaDevice& device) : device_(device) {}

  void clear() { used_ = 0; }

  // Reserves bytes and returns their offset, a multiple of 16.
  size_t reserve(size_t bytes);
  // The host's copy at an offset. Valid until the next reserve().
  uint8_t* host(size_t offset) const { return host_.as<uint8_t>() + offset; }

  // Starts copying all reserved bytes. Returns the device's copy, with the same
  // offsets.
  const uint8_t* send();

 private:
  CudaDevice& device_;
  DeviceBuffer host_, copy_;
  size_t used_ = 0;
};

}  // namespace alfa
