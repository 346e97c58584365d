#include "bench/device_meter.h"

#include "runtime/cuda/device.h"

namespace alfa::bench {

DeviceMeter::DeviceMeter(const std::string& device)
    : cuda_(device == "cpu" ? nullptr : CudaDevice::open(device)) {}
DeviceMeter::~DeviceMeter() = default;

size_t DeviceMeter::used() const {
  if (!cuda_) return 0;
  cuda_->make_current();
  const CudaDevice::MemoryInfo memory = cuda_->memory_info();
  return memory.total - memory.free;
}

}  // namespace alfa::bench
