// One NVIDIA GPU as an engine uses it: one CUDA stream, memory, copies and
// captured graphs. Only device.cu includes CUDA's headers.
//
// One thread at a time may use a device. Every function throws alfa::Error:
// kMemory if memory runs out, after which the device still works, and kDevice
// for every other failure.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda.h"

namespace alfa {

class CudaDevice;

// Memory of the device, or pinned memory of the host for copies to and from the
// device. Must be freed before its CudaDevice.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(DeviceBuffer&& other) noexcept { *this = std::move(other); }
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept;
  ~DeviceBuffer() { release(); }

  template <typename T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  friend class CudaDevice;
  void release() noexcept;
  CudaDevice* device_ = nullptr;
  void* data_ = nullptr;
  size_t bytes_ = 0;
  bool pinned_ = false;
};

// A recorded sequence of kernel launches and copies. One call replays it.
class CudaGraph {
 public:
  CudaGraph() = default;
  CudaGraph(CudaGraph&& other) noexcept
      : graph_(std::exchange(other.graph_, nullptr)) {}
  CudaGraph& operator=(CudaGraph&& other) noexcept {
    std::swap(graph_, other.graph_);
    return *this;
  }
  ~CudaGraph();
  explicit operator bool() const { return graph_ != nullptr; }

 private:
  friend class CudaDevice;
  void* graph_ = nullptr;
};

// Measures the time between events of a stream.
class CudaTimer {
 public:
  static constexpr int kEvents = 5;
  CudaTimer() = default;
  ~CudaTimer();
  CudaTimer(const CudaTimer&) = delete;
  CudaTimer& operator=(const CudaTimer&) = delete;

  void record(CudaDevice& device, int event);
  // The milliseconds between two events, once the stream has passed both. 0 if
  // one of them was never recorded.
  double ms(int from, int to) const;

 private:
  void* events_[kEvents] = {};
  bool recorded_[kEvents] = {};
};

class CudaDevice {
 public:
  // The names of all devices, in CUDA's order. If there are none, `reason` says
  // why, without a full stop.
  static std::vector<std::string> names(std::string& reason);

  // `device`: "cuda:N"; "cuda" is "cuda:0".
  static std::unique_ptr<CudaDevice> open(const std::string& device);
  ~CudaDevice();
  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;

  int index() const { return index_; }
  const std::string& name() const { return name_; }
  kernels::CudaStream stream() const { return stream_; }

  // Makes this the calling thread's current device. Every thread calls this
  // before it uses the device.
  void make_current();

  // ONNX Runtime records CUDA graphs in CUDA's global capture mode. While it
  // does, no thread of the process may allocate or free device memory. Whoever
  // records, allocates or frees holds this lock, in every engine.
  static std::recursive_mutex& memory_lock();

  DeviceBuffer allocate(size_t bytes) { return take(bytes, false); }
  DeviceBuffer allocate_pinned(size_t bytes) { return take(bytes, true); }
  // Waits until the copy is done.
  template <typename T>
  DeviceBuffer upload(std::span<const T> host) {
    DeviceBuffer buffer = allocate(host.size_bytes());
    copy(buffer.data(), host.data(), host.size_bytes());
    wait();
    return buffer;
  }
  // Copies in any direction, in the order of the stream.
  void copy(void* to, const void* from, size_t bytes);
  // Waits until the stream has finished all its work.
  void wait() const;

  // Records what `launches` puts into the stream, without running it.
  CudaGraph capture(const std::function<void()>& launches);
  void run(const CudaGraph& graph);

  // Bytes that allocate() returned and that were not freed yet.
  size_t allocated_bytes() const { return allocated_bytes_; }

  struct MemoryInfo {
    size_t free, total;  // bytes of the whole device
  };
  MemoryInfo memory_info();

 private:
  CudaDevice() = default;
  DeviceBuffer take(size_t bytes, bool pinned);
  friend class DeviceBuffer;
  int index_ = 0;
  std::string name_;
  kernels::CudaStream stream_ = nullptr;
  size_t allocated_bytes_ = 0;
};

}  // namespace alfa
