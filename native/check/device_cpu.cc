#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "check/device.h"
#include "engine/backend/cuda/devices.h"

namespace alfa::check {
namespace {

class Cpu : public Device {
 public:
  explicit Cpu(int threads)
      : threads_(threads), parallel_for_(make_parallel_for(threads)) {}
  bool is_cuda() const override { return false; }
  std::string name() const override { return "cpu"; }
  std::string description() const override {
    return std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
  }
  void wait() override {}
  const kernels::ParallelFor& parallel_for() const override {
    return parallel_for_;
  }
  double time(const std::function<void()>& launch, int calls) override {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) launch();
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

 protected:
  std::shared_ptr<void> allocate(size_t bytes) override {
    return std::shared_ptr<void>(::operator new(bytes),
                                 [](void* p) { ::operator delete(p); });
  }
  void copy_in(void* to, const void* from, size_t bytes) override {
    if (bytes) std::memcpy(to, from, bytes);
  }
  void copy_out(void* to, const void* from, size_t bytes) override {
    if (bytes) std::memcpy(to, from, bytes);
  }

 private:
  int threads_;
  kernels::ParallelFor parallel_for_;
};

}  // namespace

kernels::ParallelFor make_parallel_for(int threads) {
  return [threads](size_t tasks, const std::function<void(size_t)>& body) {
    std::atomic<size_t> next{0};
    const auto work = [&] {
      for (size_t i = next++; i < tasks; i = next++) body(i);
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads && static_cast<size_t>(t) < tasks; ++t)
      others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  };
}

Devices find_devices(int threads) {
  Devices devices;
#ifndef ALFA_CUDA_EMULATED  // the emulator's programs only run CUDA kernels
  devices.available.push_back(std::make_unique<Cpu>(threads));
#endif
  if constexpr (kCudaBuilt) {
    std::string reason;
    if (auto cuda = open_cuda_device(make_parallel_for(threads), reason))
      devices.available.push_back(std::move(cuda));
    else
      devices.missing.push_back({"cuda", reason});
  } else {
    const CudaDevices found = cuda_devices();
    devices.missing.push_back({"cuda", found.names.empty()
                                           ? found.unavailable_reason
                                           : "this build has no CUDA kernels"});
  }
  return devices;
}

}  // namespace alfa::check
