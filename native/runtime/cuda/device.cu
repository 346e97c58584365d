#include <cuda_runtime.h>

#include <cstdlib>
#include <utility>

#include "error.h"
#include "runtime/cuda/device.h"

namespace alfa {
namespace {

void check(cudaError_t error, const char* action) {
  if (error == cudaSuccess) return;
  // Clears the error, so that the next call does not report it again.
  cudaGetLastError();
  const std::string message =
      std::string(action) + " failed: CUDA says: " + cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation)
    throw Error(Code::kMemory,
                message + ". Lower maxBatch, or free memory of the GPU.");
  throw Error(Code::kDevice, message + ".");
}

}  // namespace

DeviceBuffer& DeviceBuffer::operator=(DeviceBuffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  device_ = std::exchange(other.device_, nullptr);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  pinned_ = other.pinned_;
  return *this;
}

void DeviceBuffer::release() noexcept {
  if (!data_) return;
  const std::lock_guard lock(CudaDevice::memory_lock());
  if (pinned_) {
    cudaFreeHost(data_);
  } else {
    cudaFree(data_);
    device_->allocated_bytes_ -= bytes_;
  }
  data_ = nullptr;
}

CudaGraph::~CudaGraph() {
  if (graph_) cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph_));
}

CudaTimer::~CudaTimer() {
  for (void* event : events_)
    if (event) cudaEventDestroy(static_cast<cudaEvent_t>(event));
}

void CudaTimer::record(CudaDevice& device, int event) {
  if (!events_[event]) {
    cudaEvent_t created = nullptr;
    check(cudaEventCreateWithFlags(&created, cudaEventDefault),
          "Creating a CUDA event");
    events_[event] = created;
  }
  check(cudaEventRecord(static_cast<cudaEvent_t>(events_[event]),
                        device.stream()),
        "Recording a CUDA event");
  recorded_[event] = true;
}

double CudaTimer::ms(int from, int to) const {
  if (!recorded_[from] || !recorded_[to]) return 0;
  float ms = 0;
  const cudaError_t error =
      cudaEventElapsedTime(&ms, static_cast<cudaEvent_t>(events_[from]),
                           static_cast<cudaEvent_t>(events_[to]));
  if (error != cudaSuccess) cudaGetLastError();
  return static_cast<double>(ms);
}

std::vector<std::string> CudaDevice::names(std::string& reason) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    reason = std::string("no CUDA device: ") + cudaGetErrorString(error);
    return {};
  }
  if (count == 0) reason = "no CUDA device: the driver lists none";
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties;
    const bool readable =
        cudaGetDeviceProperties(&properties, i) == cudaSuccess;
    names.push_back(readable ? properties.name : "unreadable device");
  }
  return names;
}

std::unique_ptr<CudaDevice> CudaDevice::open(const std::string& device) {
  const std::string unavailable = "Device '" + device + "' is not available: ";
  std::string reason;
  const std::vector<std::string> found = names(reason);
  if (found.empty()) throw Error(Code::kDevice, unavailable + reason + ".");
  const size_t colon = device.find(':');
  const unsigned long index =
      colon == std::string::npos
          ? 0
          : std::strtoul(device.c_str() + colon + 1, nullptr, 10);
  if (index >= found.size())
    throw Error(Code::kDevice, unavailable + "this machine has " +
                                   std::to_string(found.size()) +
                                   " CUDA device" +
                                   (found.size() == 1 ? "" : "s") +
                                   ", and the first is cuda:0.");
  std::unique_ptr<CudaDevice> opened(new CudaDevice());
  opened->index_ = static_cast<int>(index);
  opened->name_ = found[index];
  opened->make_current();
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
        "Opening a CUDA stream");
  opened->stream_ = stream;
  return opened;
}

CudaDevice::~CudaDevice() {
  cudaSetDevice(index_);
  if (stream_) cudaStreamDestroy(stream_);
}

void CudaDevice::make_current() {
  check(cudaSetDevice(index_), "Selecting a CUDA device");
}

std::recursive_mutex& CudaDevice::memory_lock() {
  // Never destroyed, since engines may outlive static objects.
  static auto* lock = new std::recursive_mutex();
  return *lock;
}

DeviceBuffer CudaDevice::take(size_t bytes, bool pinned) {
  DeviceBuffer buffer;
  if (bytes == 0) return buffer;
  const std::lock_guard lock(memory_lock());
  if (pinned)
    check(cudaMallocHost(&buffer.data_, bytes), "Allocating pinned memory");
  else
    check(cudaMalloc(&buffer.data_, bytes), "Allocating memory of the GPU");
  buffer.device_ = this;
  buffer.bytes_ = bytes;
  buffer.pinned_ = pinned;
  if (!pinned) allocated_bytes_ += bytes;
  return buffer;
}

void CudaDevice::copy(void* to, const void* from, size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_),
        "Copying between host and GPU");
}

void CudaDevice::wait() const {
  check(cudaStreamSynchronize(stream_), "Running on the GPU");
}

CudaGraph CudaDevice::capture(const std::function<void()>& launches) {
  check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal),
        "Recording a CUDA graph");
  cudaGraph_t recorded = nullptr;
  try {
    launches();
  } catch (...) {
    cudaStreamEndCapture(stream_, &recorded);
    if (recorded) cudaGraphDestroy(recorded);
    cudaGetLastError();
    throw;
  }
  check(cudaStreamEndCapture(stream_, &recorded), "Recording a CUDA graph");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&executable, recorded, 0);
  cudaGraphDestroy(recorded);
  check(error, "Preparing a CUDA graph");
  CudaGraph graph;
  graph.graph_ = executable;
  return graph;
}

void CudaDevice::run(const CudaGraph& graph) {
  check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph.graph_), stream_),
        "Launching a CUDA graph");
}

CudaDevice::MemoryInfo CudaDevice::memory_info() {
  MemoryInfo info{};
  check(cudaMemGetInfo(&info.free, &info.total),
        "Asking for the memory of the GPU");
  return info;
}

}  // namespace alfa
