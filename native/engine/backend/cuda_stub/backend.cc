// A build without CUDA: every way to a GPU says so.
#include "engine/backend/backend.h"

#include "error.h"
#include "runtime/cuda/devices.h"
#include "runtime/cuda/session.h"

namespace alfa {
namespace {

[[noreturn]] void refuse(const std::string& device) {
  throw Error(Code::kDevice, "device '" + device + "' cannot be had: " +
                                 cuda_devices().why_none + ".");
}

}  // namespace

std::unique_ptr<GpuEngine> open_gpu(Runtime&, const Architecture&,
                                    const GpuOptions& options) {
  refuse(options.device);
}

void add_gpu(Ort::SessionOptions&, const SessionOptions&) { refuse("cuda"); }

Ort::MemoryInfo gpu_memory_info(const Gpu&) { refuse("cuda"); }

void hand_over(const Gpu&) { refuse("cuda"); }

}  // namespace alfa
