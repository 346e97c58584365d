// One NVIDIA GPU as an engine uses it: a stream of its own, memory, copies,
// captured graphs. Knows no CUDA header outside of gpu.cu; a build without CUDA
// has gpu_absent.cc, whose open() says so. Used by one thread at a time.
// Everything throws alfa::Error: kMemory where memory runs out (the device
// still works afterwards), kDevice else.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "kernels/cuda.h"

namespace alfa {

class Gpu;

// Memory of the device, or of the host pinned for copies; freed with its owner,
// at the latest before the Gpu goes.
class GpuMemory {
 public:
  GpuMemory() = default;
  GpuMemory(GpuMemory&& other) noexcept { *this = std::move(other); }
  GpuMemory& operator=(GpuMemory&& other) noexcept;
  ~GpuMemory() { release(); }

  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  friend class Gpu;
  void release() noexcept;
  Gpu* gpu_ = nullptr;
  void* data_ = nullptr;
  size_t bytes_ = 0;
  bool pinned_ = false;
};

// A sequence of launches and copies recorded once, run with one call.
class GpuGraph {
 public:
  GpuGraph() = default;
  GpuGraph(GpuGraph&& other) noexcept
      : graph_(std::exchange(other.graph_, nullptr)) {}
  GpuGraph& operator=(GpuGraph&& other) noexcept {
    std::swap(graph_, other.graph_);
    return *this;
  }
  ~GpuGraph();
  explicit operator bool() const { return graph_ != nullptr; }

 private:
  friend class Gpu;
  void* graph_ = nullptr;
};

// Marks in a stream, and the time between them.
class GpuClock {
 public:
  static constexpr int kMarks = 5;
  GpuClock() = default;
  ~GpuClock();
  GpuClock(const GpuClock&) = delete;
  void mark(Gpu& gpu, int i);
  double ms(int from, int to) const;  // once the stream has passed both; 0
                                      // where either was never marked

 private:
  void* events_[kMarks] = {};
  bool marked_[kMarks] = {};
};

class Gpu {
 public:
  // "cuda" is "cuda:0". Error(kDevice) where there is none of that number, with
  // the driver's reason.
  static std::unique_ptr<Gpu> open(const std::string& device);
  ~Gpu();
  Gpu(const Gpu&) = delete;

  int index() const { return index_; }
  const std::string& name() const { return name_; }
  kernels::CudaStream stream() const { return stream_; }

  void enter();  // makes it the calling thread's device; every thread that uses
                 // it calls this first

  // While ONNX Runtime records a graph, in CUDA's global mode, no thread of the
  // process may ask for or free memory: held by whatever does either, of every
  // engine.
  static std::recursive_mutex& memory_lock();

  GpuMemory allocate(size_t bytes) { return take(bytes, false); }
  GpuMemory pinned(size_t bytes) { return take(bytes, true); }
  template <typename T>
  GpuMemory upload(
      std::span<const T> host) {  // memory that holds it; waits for the copy
    GpuMemory memory = allocate(host.size_bytes());
    copy(memory.data(), host.data(), host.size_bytes());
    wait();
    return memory;
  }
  void copy(void* to, const void* from,
            size_t bytes);  // in any direction, in the stream's order
  void wait() const;        // until the stream has nothing left to do

  GpuGraph capture(const std::function<void()>& launches);
  void run(const GpuGraph& graph);

  size_t held() const {
    return held_;
  }  // bytes of allocate() that are still there
  struct Room {
    size_t free, total;  // of the whole device, bytes
  };
  Room room();

 private:
  Gpu() = default;
  GpuMemory take(size_t bytes, bool pinned);
  friend class GpuMemory;
  int index_ = 0;
  std::string name_;
  kernels::CudaStream stream_ = nullptr;
  size_t held_ = 0;
};

}  // namespace alfa
