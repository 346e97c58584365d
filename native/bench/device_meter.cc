#include "bench/device_meter.h"

#include "runtime/cuda/gpu.h"

namespace alfa::bench {

DeviceMeter::DeviceMeter(const std::string& device)
    : gpu_(device == "cpu" ? nullptr : Gpu::open(device)) {}
DeviceMeter::~DeviceMeter() = default;

size_t DeviceMeter::used() const {
  if (!gpu_) return 0;
  gpu_->enter();
  const Gpu::Room room = gpu_->room();
  return room.total - room.free;
}

}  // namespace alfa::bench
