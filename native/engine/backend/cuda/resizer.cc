#include "engine/backend/cuda/resizer.h"

#include <algorithm>
#include <span>
#include <utility>

namespace alfa {

void CudaResizer::resize(const uint8_t* pixels, int width, int height, Fit fit,
                         kernels::Element element, void* patches) {
  const Plan& p = plan(width, height, fit);
  kernels::CudaResize task{};
  task.plan = &p.plan;
  task.tables = p.tables.as<int32_t>();
  task.pixels = pixels;
  task.row_bytes = static_cast<ptrdiff_t>(row_bytes(width));
  task.scratch = scratch(p.plan.scratch_bytes);
  task.patch = vision_.patch;
  task.prefix = vision_.prefix;
  std::copy_n(vision_.mean, 3, task.mean);
  std::copy_n(vision_.std, 3, task.std);
  task.element = element;
  task.patches = patches;
  kernels::resize_cuda(task, device_.stream());
}

const CudaResizer::Plan& CudaResizer::plan(int width, int height, Fit fit) {
  const Plan* known = plans_.find([&](const Plan& p) {
    return p.width == width && p.height == height && p.fit == fit;
  });
  if (known) return *known;
  Plan added{width,
             height,
             fit,
             kernels::plan_resize(width, height, vision_.image_size, fit),
             {}};
  added.tables = device_.upload(std::span<const int32_t>(added.plan.tables));
  return plans_.add(std::move(added));
}

uint8_t* CudaResizer::scratch(size_t bytes) {
  if (scratch_.bytes() < bytes) {
    device_.wait();
    scratch_ = {};  // freed before the larger one is allocated
    scratch_ = device_.allocate(bytes);
  }
  return scratch_.as<uint8_t>();
}

}  // namespace alfa
