#include <cuda_runtime.h>

#include <cstdlib>
#include <utility>

#include "error.h"
#include "runtime/cuda/devices.h"
#include "runtime/cuda/gpu.h"

namespace alfa {
namespace {

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // what was reported is not reported again by the next
                       // call
  const bool memory = error == cudaErrorMemoryAllocation;
  throw Error(
      memory ? Code::kMemory : Code::kDevice,
      std::string(what) + ": CUDA says: " + cudaGetErrorString(error) +
          (memory ? ". Lower maxBatch, or free memory of the GPU." : "."));
}

}  // namespace

GpuMemory& GpuMemory::operator=(GpuMemory&& other) noexcept {
  if (this == &other) return *this;
  release();
  gpu_ = std::exchange(other.gpu_, nullptr);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  pinned_ = other.pinned_;
  return *this;
}

std::recursive_mutex& Gpu::memory_lock() {
  static auto* lock = new std::recursive_mutex();  // never destroyed: engines
                                                   // may outlive static objects
  return *lock;
}

void GpuMemory::release() noexcept {
  if (!data_) return;
  const std::lock_guard lock(Gpu::memory_lock());
  if (pinned_) {
    cudaFreeHost(data_);
  } else {
    cudaFree(data_);
    gpu_->held_ -= bytes_;
  }
  data_ = nullptr;
}

GpuGraph::~GpuGraph() {
  if (graph_) cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph_));
}

GpuClock::~GpuClock() {
  for (void* event : events_)
    if (event) cudaEventDestroy(static_cast<cudaEvent_t>(event));
}

void GpuClock::mark(Gpu& gpu, int i) {
  if (!events_[i]) {
    cudaEvent_t event = nullptr;
    check(cudaEventCreateWithFlags(&event, cudaEventDefault),
          "making a CUDA event");
    events_[i] = event;
  }
  check(cudaEventRecord(static_cast<cudaEvent_t>(events_[i]), gpu.stream()),
        "marking a CUDA stream");
  marked_[i] = true;
}

double GpuClock::ms(int from, int to) const {
  float ms = 0;
  if (marked_[from] && marked_[to] &&
      cudaEventElapsedTime(&ms, static_cast<cudaEvent_t>(events_[from]),
                           static_cast<cudaEvent_t>(events_[to])) !=
          cudaSuccess)
    cudaGetLastError();
  return static_cast<double>(ms);
}

std::unique_ptr<Gpu> Gpu::open(const std::string& device) {
  const CudaDevices found = cuda_devices();
  if (found.names.empty())
    throw Error(Code::kDevice, "device '" + device +
                                   "' cannot be had: " + found.why_none + ".");
  const size_t colon = device.find(':');
  const unsigned long index =
      colon == std::string::npos
          ? 0
          : std::strtoul(device.c_str() + colon + 1, nullptr, 10);
  if (index >= found.names.size())
    throw Error(Code::kDevice,
                "device '" + device + "' cannot be had: this machine has " +
                    std::to_string(found.names.size()) + " CUDA device" +
                    (found.names.size() == 1 ? "" : "s") +
                    ", the first is cuda:0.");
  std::unique_ptr<Gpu> gpu(new Gpu());
  gpu->index_ = static_cast<int>(index);
  gpu->name_ = found.names[index];
  gpu->enter();
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
        "opening a CUDA stream");
  gpu->stream_ = stream;
  return gpu;
}

Gpu::~Gpu() {
  cudaSetDevice(index_);
  if (stream_) cudaStreamDestroy(stream_);
}

void Gpu::enter() { check(cudaSetDevice(index_), "choosing a CUDA device"); }

GpuMemory Gpu::take(size_t bytes, bool pinned) {
  GpuMemory memory;
  if (bytes == 0) return memory;
  const std::lock_guard lock(memory_lock());
  if (pinned)
    check(cudaMallocHost(&memory.data_, bytes), "allocating pinned memory");
  else
    check(cudaMalloc(&memory.data_, bytes), "allocating memory of the GPU");
  memory.gpu_ = this;
  memory.bytes_ = bytes;
  memory.pinned_ = pinned;
  if (!pinned) held_ += bytes;
  return memory;
}

void Gpu::copy(void* to, const void* from, size_t bytes) {
  if (bytes)
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_),
          "copying between host and GPU");
}

void Gpu::wait() const {
  check(cudaStreamSynchronize(stream_), "running on the GPU");
}

GpuGraph Gpu::capture(const std::function<void()>& launches) {
  check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal),
        "recording a CUDA graph");
  cudaGraph_t graph = nullptr;
  try {
    launches();
  } catch (...) {
    cudaStreamEndCapture(stream_, &graph);
    if (graph) cudaGraphDestroy(graph);
    cudaGetLastError();
    throw;
  }
  check(cudaStreamEndCapture(stream_, &graph), "recording a CUDA graph");
  cudaGraphExec_t ready = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&ready, graph, 0);
  cudaGraphDestroy(graph);
  check(error, "preparing a CUDA graph");
  GpuGraph made;
  made.graph_ = ready;
  return made;
}

void Gpu::run(const GpuGraph& graph) {
  check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph.graph_), stream_),
        "launching a CUDA graph");
}

Gpu::Room Gpu::room() {
  Room room{};
  check(cudaMemGetInfo(&room.free, &room.total), "asking for the GPU's memory");
  return room;
}

}  // namespace alfa
