#include "engine/backend/cuda/device_category.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/features/bank.h"
#include "runtime/half.h"

namespace alfa {
namespace {

using kernels::Element;

DeviceCategory::BankLevel upload_level(CudaDevice& device,
                                       const kernels::PackedRows& bank,
                                       Element element) {
  const size_t width = static_cast<size_t>(bank.width);
  std::vector<float> rows(static_cast<size_t>(bank.count) * width);
  for (int i = 0; i < bank.count; ++i)
    kernels::unpack_row(bank, i, rows.data() + static_cast<size_t>(i) * width);
  if (element == Element::kFloat)
    return {device.upload(std::span<const float>(rows)), element, bank.count,
            bank.width};
  std::vector<uint16_t> halves(rows.size());
  std::transform(rows.begin(), rows.end(), halves.begin(), to_half);
  return {device.upload(std::span<const uint16_t>(halves)), element, bank.count,
          bank.width};
}

}  // namespace

size_t patch_level_count(const Settings& settings) {
  return settings.features.layers.size() *
         settings.features.neighbourhoods.size();
}

std::shared_ptr<DeviceCategory> upload_category(
    CudaTower& tower, const std::shared_ptr<const Category>& category) {
  auto on_device = std::make_shared<DeviceCategory>();
  on_device->category = category;
  std::vector<float> prompts = category->prompts[0];
  prompts.insert(prompts.end(), category->prompts[1].begin(),
                 category->prompts[1].end());
  on_device->prompts = tower.device().upload(std::span<const float>(prompts));
  if (!category->bank) return on_device;
  const size_t patch_levels = patch_level_count(category->settings);
  for (const kernels::PackedRows& level : category->bank->levels) {
    // Queries of windows are embeddings, which are fp32 in any precision.
    const bool half = tower.half() && on_device->levels.size() < patch_levels;
    on_device->levels.push_back(upload_level(
        tower.device(), level, half ? Element::kHalf : Element::kFloat));
  }
  return on_device;
}

}  // namespace alfa
