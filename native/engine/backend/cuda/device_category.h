// The part of a category that stays on the device: prompts and memory bank.
#pragma once
#include <memory>
#include <vector>

#include "engine.h"
#include "engine/backend/cuda/tower.h"

namespace alfa {

struct DeviceCategory {
  std::weak_ptr<const Category> category;
  DeviceBuffer prompts;  // [n, E], fp32, normal prompts first
  struct BankLevel {
    DeviceBuffer rows;  // [count, width]
    kernels::Element element;
    int count, width;
  };
  std::vector<BankLevel> levels;
};

// The number of bank levels whose rows are patches. The levels of windows
// follow them.
size_t patch_level_count(const Settings& settings);

std::shared_ptr<DeviceCategory> upload_category(
    CudaTower& tower, const std::shared_ptr<const Category>& category);

}  // namespace alfa
