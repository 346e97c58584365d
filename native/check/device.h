// The processors on which alfa-check runs kernels: the CPU, a CUDA device, or
// the emulated CUDA device. A case uploads its inputs through a Device and
// launches a kernel on it.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda.h"
#include "kernels/parallel_for.h"

namespace alfa::check {

// True if this build has the CUDA kernels, real or emulated. A case calls a
// CUDA kernel inside `if constexpr (kCudaBuilt)`, so that a build without CUDA
// links without them.
#if defined(ALFA_CUDA) || defined(ALFA_CUDA_EMULATED)
constexpr bool kCudaBuilt = true;
#else
constexpr bool kCudaBuilt = false;
#endif

// Memory of one device, freed with the last copy of the array.
template <typename T>
struct DeviceArray {
  std::shared_ptr<void> memory;
  size_t size = 0;
  T* data() const { return static_cast<T*>(memory.get()); }
};

class Device {
 public:
  virtual ~Device() = default;
  virtual bool is_cuda() const = 0;
  // An emulated device gives correct results about 1,000 times slower.
  virtual bool is_emulated() const { return false; }
  virtual std::string name() const = 0;  // one word: "cpu", "cuda", "emulated"
  virtual std::string description() const = 0;
  // Returns after everything that was launched has finished.
  virtual void wait() = 0;
  virtual const kernels::ParallelFor& parallel_for() const = 0;  // of the CPU
  // The stream of CUDA launches; null on the CPU.
  virtual kernels::CudaStream stream() const { return nullptr; }
  // Seconds that `calls` launches take, one after another.
  virtual double time(const std::function<void()>& launch, int calls) = 0;

  template <typename T>
  DeviceArray<T> upload(const std::vector<T>& host) {
    DeviceArray<T> array{allocate(host.size() * sizeof(T)), host.size()};
    copy_in(array.memory.get(), host.data(), host.size() * sizeof(T));
    return array;
  }
  template <typename T>
  std::vector<T> download(const DeviceArray<T>& array) {
    std::vector<T> host(array.size);
    copy_out(host.data(), array.memory.get(), array.size * sizeof(T));
    return host;
  }

 protected:
  virtual std::shared_ptr<void> allocate(size_t bytes) = 0;
  virtual void copy_in(void* to, const void* from_host, size_t bytes) = 0;
  virtual void copy_out(void* to_host, const void* from, size_t bytes) = 0;
};

struct Devices {
  struct Missing {
    std::string name, reason;
  };
  std::vector<std::unique_ptr<Device>> available;
  std::vector<Missing> missing;
};

Devices find_devices(int threads);

// Device 0 with one stream. Null if there is no usable device; `reason` then
// says why. Only defined in builds with CUDA kernels.
std::unique_ptr<Device> open_cuda_device(const kernels::ParallelFor& cpu,
                                         std::string& reason);

// Starts `threads` threads at each call. That costs tens of microseconds, the
// same for every kernel.
kernels::ParallelFor make_parallel_for(int threads);

}  // namespace alfa::check
