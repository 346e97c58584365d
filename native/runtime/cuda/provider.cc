#include "runtime/cuda/provider.h"

#include <utility>
#include <vector>

#include "runtime/cuda/operators.h"

namespace alfa {
namespace {

void add_operators(Ort::SessionOptions& options) {
  for (const auto* domain : cuda_operator_domains()) options.Add(*domain);
}

}  // namespace

void CudaProvider::configure(Ort::RunOptions& options, int recording) const {
  options.AddConfigEntry("disable_synchronize_execution_providers", "1");
  // ONNX Runtime does not record runs whose graph id is -1.
  const int graph_id = recording == 0 ? -1 : recording;
  options.AddConfigEntry("gpu_graph_id", std::to_string(graph_id).c_str());
}

#ifdef ALFA_CUDA_EMULATED

// On the CUDA emulator, device memory is host memory, and ONNX Runtime's CPU
// provider runs the standard operators.

void CudaProvider::add_to(Ort::SessionOptions& options) const {
  add_operators(options);
}

Ort::MemoryInfo CudaProvider::memory_info() const {
  return Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
}

void CudaProvider::prepare_run() const { device_.wait(); }

#else

namespace {

// Owns the options of ONNX Runtime's CUDA provider.
class ProviderOptions {
 public:
  ProviderOptions() {
    Ort::ThrowOnError(Ort::GetApi().CreateCUDAProviderOptions(&options_));
  }
  ~ProviderOptions() { Ort::GetApi().ReleaseCUDAProviderOptions(options_); }
  ProviderOptions(const ProviderOptions&) = delete;
  ProviderOptions& operator=(const ProviderOptions&) = delete;

  // Sets all options in one call, since a call resets every option that it does
  // not name.
  void set(const std::vector<std::pair<const char*, std::string> >& options) {
    std::vector<const char*> keys, values;
    for (const auto& [key, value] : options) {
      keys.push_back(key);
      values.push_back(value.c_str());
    }
    Ort::ThrowOnError(Ort::GetApi().UpdateCUDAProviderOptions(
        options_, keys.data(), values.data(), keys.size()));
  }
  void set_stream(kernels::CudaStream stream) {
    Ort::ThrowOnError(Ort::GetApi().UpdateCUDAProviderOptionsWithValue(
        options_, "user_compute_stream", stream));
  }
  const OrtCUDAProviderOptionsV2& get() const { return *options_; }

 private:
  OrtCUDAProviderOptionsV2* options_ = nullptr;
};

}  // namespace

void CudaProvider::add_to(Ort::SessionOptions& options) const {
  add_operators(options);
  std::vector<std::pair<const char*, std::string> > chosen{
      {"device_id", std::to_string(device_.index())},
      {"arena_extend_strategy", "kSameAsRequested"},
      {"enable_cuda_graph", "1"},
      // TF32 has fewer bits than fp32.
      {"use_tf32", "0"}};
  if (memory_limit_ > 0)
    chosen.emplace_back("gpu_mem_limit", std::to_string(memory_limit_));
  ProviderOptions cuda;
  cuda.set(chosen);
  cuda.set_stream(device_.stream());
  options.AppendExecutionProvider_CUDA_V2(cuda.get());
  options.AddConfigEntry("session.disable_cpu_ep_fallback", "1");
}

Ort::MemoryInfo CudaProvider::memory_info() const {
  return Ort::MemoryInfo("Cuda", OrtDeviceAllocator, device_.index(),
                         OrtMemTypeDefault);
}

// ONNX Runtime uses the device's own stream, so the order is already right.
void CudaProvider::prepare_run() const {}

#endif

}  // namespace alfa
