#include "runtime/cuda/session.h"

#include "runtime/cuda/gpu.h"
#include "runtime/cuda/operators.h"

namespace alfa {

#ifdef ALFA_CUDA_EMULATED  // device memory is the host's, and ONNX Runtime's
                           // CPU provider multiplies

void add_gpu(Ort::SessionOptions& o, const SessionOptions&) {
  for (const auto* domain : gpu_operator_domains()) o.Add(*domain);
}

Ort::MemoryInfo gpu_memory_info(const Gpu&) {
  return Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
}

void hand_over(const Gpu& gpu) { gpu.wait(); }

#else

namespace {

// As ONNX Runtime wants them: made, filled and given back by its own functions.
class CudaOptions {
 public:
  CudaOptions() {
    Ort::ThrowOnError(Ort::GetApi().CreateCUDAProviderOptions(&options_));
  }
  ~CudaOptions() { Ort::GetApi().ReleaseCUDAProviderOptions(options_); }
  CudaOptions(const CudaOptions&) = delete;
  // All at once: what a call does not name goes back to its default.
  void set(const std::vector<std::pair<const char*, std::string> >& options) {
    std::vector<const char*> keys, values;
    for (const auto& [key, value] : options) {
      keys.push_back(key);
      values.push_back(value.c_str());
    }
    Ort::ThrowOnError(Ort::GetApi().UpdateCUDAProviderOptions(
        options_, keys.data(), values.data(), keys.size()));
  }
  void stream(kernels::CudaStream stream) {
    Ort::ThrowOnError(Ort::GetApi().UpdateCUDAProviderOptionsWithValue(
        options_, "user_compute_stream", stream));
  }
  const OrtCUDAProviderOptionsV2& get() const { return *options_; }

 private:
  OrtCUDAProviderOptionsV2* options_ = nullptr;
};

}  // namespace

void add_gpu(Ort::SessionOptions& o, const SessionOptions& options) {
  for (const auto* domain : gpu_operator_domains()) o.Add(*domain);
  CudaOptions cuda;
  std::vector<std::pair<const char*, std::string> > chosen{
      {"device_id", std::to_string(options.gpu->index())},
      {"arena_extend_strategy", "kSameAsRequested"},
      {"enable_cuda_graph", "1"},
      {"use_tf32", "0"}};  // fp32 means fp32
  if (options.gpu_memory > 0)
    chosen.emplace_back("gpu_mem_limit", std::to_string(options.gpu_memory));
  cuda.set(chosen);
  cuda.stream(options.gpu->stream());
  o.AppendExecutionProvider_CUDA_V2(cuda.get());
  o.AddConfigEntry("session.disable_cpu_ep_fallback", "1");
}

Ort::MemoryInfo gpu_memory_info(const Gpu& gpu) {
  return Ort::MemoryInfo("Cuda", OrtDeviceAllocator, gpu.index(),
                         OrtMemTypeDefault);
}

void hand_over(const Gpu&) {}  // it works on the same stream

#endif

}  // namespace alfa
