// Device 0 with one stream, through the CUDA runtime API. The emulator has the
// same API, so that this file compiles for both.
#include <cuda_runtime_api.h>

#include "check/device.h"
#include "error.h"

namespace alfa::check {
namespace {

void check_cuda(cudaError_t error, const char* operation) {
  if (error != cudaSuccess)
    throw Error(Code::kRuntime, std::string("CUDA failed to ") + operation +
                                    ": " + cudaGetErrorString(error));
}

#ifdef ALFA_CUDA_EMULATED
constexpr bool kEmulated = true;
#else
constexpr bool kEmulated = false;
#endif

class Cuda : public Device {
 public:
  Cuda(const kernels::ParallelFor& cpu, std::string description)
      : parallel_for_(cpu), description_(std::move(description)) {
    check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking),
               "create a stream");
    check_cuda(cudaEventCreateWithFlags(&start_, cudaEventDefault),
               "create an event");
    check_cuda(cudaEventCreateWithFlags(&end_, cudaEventDefault),
               "create an event");
  }
  ~Cuda() override {
    cudaEventDestroy(start_);
    cudaEventDestroy(end_);
    cudaStreamDestroy(stream_);
  }
  bool is_cuda() const override { return true; }
  bool is_emulated() const override { return kEmulated; }
  std::string name() const override { return kEmulated ? "emulated" : "cuda"; }
  std::string description() const override { return description_; }
  void wait() override {
    check_cuda(cudaStreamSynchronize(stream_), "wait for the device");
  }
  const kernels::ParallelFor& parallel_for() const override {
    return parallel_for_;
  }
  kernels::CudaStream stream() const override { return stream_; }

  double time(const std::function<void()>& launch, int calls) override {
    check_cuda(cudaEventRecord(start_, stream_), "record an event");
    for (int i = 0; i < calls; ++i) launch();
    check_cuda(cudaEventRecord(end_, stream_), "record an event");
    check_cuda(cudaEventSynchronize(end_), "wait for the device");
    float milliseconds = 0;
    check_cuda(cudaEventElapsedTime(&milliseconds, start_, end_),
               "read the elapsed time");
    return static_cast<double>(milliseconds) * 1e-3;
  }

 protected:
  std::shared_ptr<void> allocate(size_t bytes) override {
    void* memory = nullptr;
    check_cuda(cudaMalloc(&memory, bytes), "allocate memory");
    return std::shared_ptr<void>(memory, [](void* p) { cudaFree(p); });
  }
  void copy_in(void* to, const void* from, size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyHostToDevice);
  }
  void copy_out(void* to, const void* from, size_t bytes) override {
    copy(to, from, bytes, cudaMemcpyDeviceToHost);
  }

 private:
  void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (bytes == 0) return;
    check_cuda(cudaMemcpyAsync(to, from, bytes, kind, stream_), "copy memory");
    wait();
  }

  kernels::ParallelFor parallel_for_;
  std::string description_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t start_ = nullptr, end_ = nullptr;
};

}  // namespace

std::unique_ptr<Device> open_cuda_device(const kernels::ParallelFor& cpu,
                                         std::string& reason) {
  int count = 0;
  cudaDeviceProp properties;
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count == 0) {
    reason = "no CUDA device: the driver lists none";
    return nullptr;
  }
  if (error == cudaSuccess) error = cudaGetDeviceProperties(&properties, 0);
  if (error != cudaSuccess) {
    reason = std::string("no CUDA device: ") + cudaGetErrorString(error);
    return nullptr;
  }
  const std::string architecture =
      "sm_" + std::to_string(properties.major * 10 + properties.minor);
  return std::make_unique<Cuda>(
      cpu, kEmulated ? "CUDA kernels emulated on the CPU, as " + architecture
                     : properties.name + (", " + architecture));
}

}  // namespace alfa::check
