// A build without CUDA: every way to a GPU says so.
#include "engine/gpu.h"
#include "error.h"
#include "runtime/cuda_devices.h"
#include "runtime/gpu_session.h"

namespace alfa {
namespace {

[[noreturn]] void refuse(const std::string& device) { throw Error(Code::kDevice, "device '" + device + "' cannot be had: " + cuda_devices().why_none + "."); }

}  // namespace

std::unique_ptr<GpuEngine> open_gpu(Runtime&, const Architecture&, const GpuOptions& options) { refuse(options.device); }

void add_gpu(Ort::SessionOptions&, const SessionOptions&) { refuse("cuda"); }

Ort::MemoryInfo gpu_memory_info(const Gpu&) { refuse("cuda"); }

void hand_over(const Gpu&) { refuse("cuda"); }

}  // namespace alfa
