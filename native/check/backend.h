// Where kernels run. A backend owns its memory and its order of work; a case
// uploads its inputs through it and calls the kernel of its kind. The CUDA
// backend is another class behind the same door, made by make_cuda_backend.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda.h"
#include "kernels/segment_attention/segment_attention.h"

namespace alfa::check {

enum class Kind { kCpu, kCuda };

// Whether this build has the CUDA kernels, real or emulated. A case calls one
// inside `if constexpr (kCudaBuilt)`, so that a build without them asks the
// linker for none.
#if defined(ALFA_CUDA) || defined(ALFA_CUDA_EMULATED)
constexpr bool kCudaBuilt = true;
#else
constexpr bool kCudaBuilt = false;
#endif

template <typename T>
struct Array {  // memory of one backend
  std::shared_ptr<void> memory;
  size_t size = 0;
  T* data() const { return static_cast<T*>(memory.get()); }
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual Kind kind() const = 0;
  virtual bool emulated() const {
    return false;
  }  // CUDA on this machine's processor: right, and a thousand times slower
  virtual std::string name() const = 0;  // one word, as cases are reported
  virtual std::string description() const = 0;  // for the opening lines
  virtual void wait() = 0;  // until all that was launched is done
  virtual const kernels::ParallelFor& parallel_for() const = 0;  // of the host
  virtual kernels::CudaStream stream() const {
    return nullptr;
  }  // kCuda: where its launches go
  virtual double time(
      const std::function<void()>& launch,
      int calls) = 0;  // seconds of so many calls, one after another

  template <typename T>
  Array<T> upload(const std::vector<T>& host) {
    Array<T> array{allocate(host.size() * sizeof(T)), host.size()};
    copy_in(array.memory.get(), host.data(), host.size() * sizeof(T));
    return array;
  }
  template <typename T>
  std::vector<T> download(const Array<T>& array) {
    std::vector<T> host(array.size);
    copy_out(host.data(), array.memory.get(), array.size * sizeof(T));
    return host;
  }

 protected:
  virtual std::shared_ptr<void> allocate(size_t bytes) = 0;
  virtual void copy_in(void* to, const void* from_host, size_t bytes) = 0;
  virtual void copy_out(void* to_host, const void* from, size_t bytes) = 0;
};

struct Backends {
  struct Skipped {
    std::string name, why;
  };
  std::vector<std::unique_ptr<Backend>> present;
  std::vector<Skipped> skipped;
};

Backends find_backends(int threads);

// Null, and why, where there is no usable device. Defined where ALFA_CUDA is.
std::unique_ptr<Backend> make_cuda_backend(const kernels::ParallelFor& host,
                                           std::string& why);

// A ParallelFor of `threads` threads, started anew at each call: tens of
// microseconds, the same for every kernel.
kernels::ParallelFor make_parallel_for(int threads);

}  // namespace alfa::check
