// The CUDA backend: one stream of device 0. Compiled against CUDA it is the
// real device; against the emulation (which has CUDA's own names) it is this
// machine's processor, and says so.
#include <cuda_runtime_api.h>

#include <algorithm>

#include "check/backend.h"
#include "error.h"

namespace alfa::check {
namespace {

void must(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw Error(Code::kRuntime, std::string(what) + ": CUDA says: " +
                                    cudaGetErrorString(error));
}

#ifdef ALFA_CUDA_EMULATED
constexpr bool kEmulated = true;
#else
constexpr bool kEmulated = false;
#endif

class Cuda : public Backend {
 public:
  Cuda(const kernels::ParallelFor& host, std::string description)
      : parallel_for_(host), description_(std::move(description)) {
    must(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking),
         "a stream");
    must(cudaEventCreateWithFlags(&start_, cudaEventDefault), "an event");
    must(cudaEventCreateWithFlags(&end_, cudaEventDefault), "an event");
  }
  ~Cuda() override {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
    cudaStreamDestroy(stream_);
  }
  Kind kind() const override { return Kind::kCuda; }
  bool emulated() const override { return kEmulated; }
  std::string name() const override { return kEmulated ? "emulated" : "cuda"; }
  std::string description() const override { return description_; }
  void wait() override {
    must(cudaStreamSynchronize(stream_), "waiting for the device");
  }
  const kernels::ParallelFor& parallel_for() const override {
    return parallel_for_;
  }
  kernels::CudaStream stream() const override { return stream_; }

  double time(const std::function<void()>& launch, int calls) override {
    must(cudaEventRecord(start_, stream_), "an event");
    for (int i = 0; i < calls; ++i) launch();
    must(cudaEventRecord(end_, stream_), "an event");
    must(cudaEventSynchronize(end_), "waiting for the device");
    float milliseconds = 0;
    must(cudaEventElapsedTime(&milliseconds, start_, end_), "timing");
    return static_cast<double>(milliseconds) * 1e-3;
  }

 protected:
  std::shared_ptr<void> allocate(size_t bytes) override {
    void* memory = nullptr;
    must(cudaMalloc(&memory, bytes), "device memory");
    return std::shared_ptr<void>(memory, [](void* p) { cudaFree(p); });
  }
  void copy_in(void* to, const void* from, size_t bytes) override {
    if (bytes == 0) return;
    must(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_),
         "a copy to the device");
    wait();
  }
  void copy_out(void* to, const void* from, size_t bytes) override {
    if (bytes == 0) return;
    must(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_),
         "a copy from the device");
    wait();
  }

 private:
  kernels::ParallelFor parallel_for_;
  std::string description_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(const kernels::ParallelFor& host,
                                           std::string& why) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count);
      error != cudaSuccess || count == 0) {
    why = std::string("no CUDA device: ") + (error != cudaSuccess
                                                 ? cudaGetErrorString(error)
                                                 : "the driver lists none");
    return nullptr;
  }
  cudaDeviceProp properties;
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, 0);
      error != cudaSuccess) {
    why = std::string("no CUDA device: ") + cudaGetErrorString(error);
    return nullptr;
  }
  const std::string architecture =
      "sm_" + std::to_string(properties.major * 10 + properties.minor);
  return std::make_unique<Cuda>(
      host, kEmulated
                ? "CUDA kernels on this machine's processor, as " + architecture
                : properties.name + (", " + architecture));
}

}  // namespace alfa::check
