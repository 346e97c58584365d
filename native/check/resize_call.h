// A call of resize_cuda for cases. It uploads the pixels at the offset that the
// case asks for, and fetches the patches or the square.
#pragma once
#include <memory>
#include <vector>

#include "check/elements.h"
#include "kernels/resize/resize_cuda.h"

namespace alfa::check {

constexpr float kMean[3] = {.48145466f, .4578275f, .40821073f},
                kStd[3] = {.26862954f, .26130258f, .27577711f};  // of CLIP

struct ResizeCall {
  int width, height, size;
  kernels::Fit fit;
  int patch = 16, prefix = 1;
  kernels::Element element = kernels::Element::kFloat;
  int shift = 0, gap = 0;  // bytes before the first row and between rows
  bool square = false;     // fetch the bytes of the square, not the patches
};

inline Call resize_on_cuda(Device& device, const ResizeCall& call,
                           const std::vector<uint8_t>& rgb) {
  if constexpr (kCudaBuilt) {
    const size_t row = 3 * static_cast<size_t>(call.width),
                 row_bytes = row + call.gap;
    std::vector<uint8_t> bytes_with_gaps(
        call.shift + row_bytes * (call.height - 1) + row, 0xaa);
    for (int y = 0; y < call.height; ++y)
      std::copy_n(rgb.begin() + static_cast<ptrdiff_t>(row) * y, row,
                  bytes_with_gaps.begin() + call.shift +
                      static_cast<ptrdiff_t>(row_bytes) * y);
    const auto plan = std::make_shared<kernels::ResizePlan>(
        kernels::plan_resize(call.width, call.height, call.size, call.fit));
    const auto tables = device.upload(plan->tables);
    const auto pixels = device.upload(bytes_with_gaps),
               scratch = device.upload(
                   std::vector<uint8_t>(plan->scratch_bytes, 0xaa));
    const int grid = call.size / call.patch;
    const auto patches = upload(
        device, call.element,
        std::vector<float>((call.prefix + static_cast<size_t>(grid) * grid) *
                               3 * call.patch * call.patch,
                           9.0f));
    const auto square = device.upload(std::vector<uint8_t>(
        call.square ? 3 * static_cast<size_t>(call.size) * call.size : 0,
        0xaa));
    kernels::CudaResize task{};
    task.plan = plan.get();
    task.tables = tables.data();
    task.pixels = pixels.data() + call.shift;
    task.row_bytes = static_cast<ptrdiff_t>(row_bytes);
    task.scratch = scratch.data();
    task.patch = call.patch;
    task.prefix = call.prefix;
    std::copy_n(kMean, 3, task.mean);
    std::copy_n(kStd, 3, task.std);
    task.element = call.element;
    task.patches = patches.data();
    task.square = call.square ? square.data() : nullptr;
    return {[=, &device] {
              (void)plan, (void)tables, (void)pixels,
                  (void)scratch;  // keeps the memory
              kernels::resize_cuda(task, device.stream());
            },
            [=, &device] {
              if (!call.square) return download(device, patches);
              const auto bytes = device.download(square);
              return std::vector<float>(bytes.begin(), bytes.end());
            }};
  } else {
    return {};
  }
}

// `cpu` on the CPU and resize_cuda on CUDA.
template <typename Cpu>
std::function<Call(Device&)> on_cpu_or_resize_cuda(
    Cpu cpu, const ResizeCall& call,
    std::shared_ptr<std::vector<uint8_t>> rgb) {
  return [=](Device& device) {
    return device.is_cuda() ? resize_on_cuda(device, call, *rgb) : cpu(device);
  };
}

}  // namespace alfa::check
