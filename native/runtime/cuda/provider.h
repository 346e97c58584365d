// Runs sessions on a CUDA device: ONNX Runtime's CUDA provider on the device's
// stream, with the project's own CUDA operators. Nothing falls back to the CPU.
#pragma once
#include "runtime/cuda/device.h"
#include "runtime/execution_provider.h"

namespace alfa {

class CudaProvider : public ExecutionProvider {
 public:
  // `memory_limit`: bytes that each session may take of the device; 0: no
  // limit. The device must outlive the provider.
  CudaProvider(CudaDevice& device, size_t memory_limit)
      : device_(device), memory_limit_(memory_limit) {}

  void add_to(Ort::SessionOptions& options) const override;
  Ort::MemoryInfo memory_info() const override;
  void configure(Ort::RunOptions& options, int recording) const override;
  void prepare_run() const override;

 private:
  CudaDevice& device_;
  // Not used on the CUDA emulator.
  [[maybe_unused]] size_t memory_limit_;
};

}  // namespace alfa
