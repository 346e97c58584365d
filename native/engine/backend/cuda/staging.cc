#include "engine/backend/cuda/staging.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace alfa {

size_t PixelStaging::reserve(size_t bytes) {
  const size_t offset = used_;
  used_ += (bytes + 15) / 16 * 16;
  if (used_ > host_.bytes()) {
    DeviceBuffer larger =
        device_.allocate_pinned(std::max(used_, 2 * host_.bytes()));
    if (offset > 0) std::memcpy(larger.data(), host_.data(), offset);
    host_ = std::move(larger);
  }
  return offset;
}

const uint8_t* PixelStaging::send() {
  if (copy_.bytes() < used_) {
    device_.wait();
    copy_ = {};  // freed before the larger one is allocated
    copy_ = device_.allocate(host_.bytes());
  }
  device_.copy(copy_.data(), host_.data(), used_);
  return copy_.as<uint8_t>();
}

}  // namespace alfa
