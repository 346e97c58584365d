// Resizes staged pixels to the model's image size on the device, and cuts them
// into normalised patches.
#pragma once
#include <cstddef>
#include <cstdint>

#include "checkpoint/architecture.h"
#include "engine.h"
#include "engine/backend/cuda/lru_cache.h"
#include "kernels/cuda.h"
#include "kernels/resize/resize_cuda.h"
#include "runtime/cuda/device.h"

namespace alfa {

class CudaResizer {
 public:
  CudaResizer(CudaDevice& device, const VisionTower& vision)
      : device_(device), vision_(vision) {}

  // Bytes from one row of staged pixels to the next. The kernel reads words of
  // 4 bytes.
  static size_t row_bytes(int width) {
    return (3 * static_cast<size_t>(width) + 3) / 4 * 4;
  }

  // `pixels` and `patches` [R, 3*patch*patch] are device memory.
  void resize(const uint8_t* pixels, int width, int height, Fit fit,
              kernels::Element element, void* patches);

 private:
  struct Plan {
    int width, height;
    Fit fit;
    kernels::ResizePlan plan;
    DeviceBuffer tables;
  };
  const Plan& plan(int width, int height, Fit fit);
  uint8_t* scratch(size_t bytes);

  static constexpr size_t kMaxPlans = 64;
  CudaDevice& device_;
  const VisionTower& vision_;
  // Removing a plan frees memory, which waits for the device.
  LruCache<Plan> plans_{kMaxPlans};
  DeviceBuffer scratch_;
};

}  // namespace alfa
