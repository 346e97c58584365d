// The emulator itself: what the other cases rely on.
#include <cmath>
#include <limits>

#include "check/emulator/bool_case.h"
#include "check/random.h"
#include "cuda_emulator/machine.h"
#include "cuda_emulator/sanitizer.h"
#include "kernels/launch.cuh"
#include "kernels/mma.cuh"

namespace alfa::check {
namespace {

using kernels::check_cuda;
using kernels::launch;

bool halves_round_to_nearest_even() {
  for (int bits = 0; bits < 0x7c00; ++bits) {
    const float value =
        __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
    const float above = bits + 1 == 0x7c00
                            ? 65536.0f
                            : __half2float(__ushort_as_half(
                                  static_cast<unsigned short>(bits + 1)));
    const double middle = (double(value) + above) /
                          2;  // exact as a float: one bit more than a half
    const auto tie = static_cast<float>(middle);
    const int even = bits & 1 ? bits + 1 : bits;
    const auto rounds = [](float v, int to) {
      return __half_as_ushort(__float2half(v)) == to &&
             __half_as_ushort(__float2half(-v)) == (to | 0x8000) &&
             __half_as_ushort(__double2half(v)) == to;
    };
    if (double(tie) != middle || !rounds(value, bits) || !rounds(tie, even) ||
        !rounds(std::nextafter(tie, 0.0f), bits) ||
        !rounds(std::nextafter(tie, 1e9f), bits + 1) ||
        __half_as_ushort(__double2half(std::nextafter(middle, 0.0))) != bits ||
        __half_as_ushort(__double2half(std::nextafter(middle, 1e9))) !=
            bits + 1)
      return false;
  }
  return std::isnan(__half2float(__float2half(std::nanf("")))) &&
         std::isinf(__half2float(__float2half(1e9f)));
}

__global__ void warp_kernel(const int* in, int* out) {
  const int i = threadIdx.x, lane = i & 31, v = in[i];
  out[i] =
      __shfl_xor_sync(0xffffffffu, v, 5) == in[i ^ 5] &&
      __shfl_sync(0xffffffffu, v, lane + 1, 8) ==
          in[(i & ~7) | ((i + 1) & 7)] &&
      __shfl_up_sync(0xffffffffu, v, 3) == (lane < 3 ? v : in[i - 3]) &&
      __shfl_down_sync(0xffffffffu, v, 3, 16) ==
          ((lane & 15) > 12 ? v : in[i + 3]) &&
      __ballot_sync(0xffffffffu, lane % 3 == 0) == 0x49249249u &&
      __any_sync(0xffffffffu, lane == 7) &&
      !__all_sync(0xffffffffu, lane != 7) &&
      __syncthreads_count(lane < 3) == static_cast<int>(blockDim.x / 32 * 3) &&
      __reduce_max_sync(0xffffffffu, lane) == 31;
}

__global__ void mma_kernel(
    const __half* a, const __half* b,
    float* d) {  // A [16, 16], B [16, 8], D [16, 8], row-major
  const int g = threadIdx.x / 4, t = threadIdx.x % 4;
  const auto pair = [](__half low, __half high) {
    return static_cast<uint32_t>(__half_as_ushort(low)) |
           static_cast<uint32_t>(__half_as_ushort(high)) << 16;
  };
  const uint32_t fa[4] = {
      pair(a[g * 16 + 2 * t], a[g * 16 + 2 * t + 1]),
      pair(a[(g + 8) * 16 + 2 * t], a[(g + 8) * 16 + 2 * t + 1]),
      pair(a[g * 16 + 2 * t + 8], a[g * 16 + 2 * t + 9]),
      pair(a[(g + 8) * 16 + 2 * t + 8], a[(g + 8) * 16 + 2 * t + 9])};
  const uint32_t fb[2] = {pair(b[2 * t * 8 + g], b[(2 * t + 1) * 8 + g]),
                          pair(b[(2 * t + 8) * 8 + g], b[(2 * t + 9) * 8 + g])};
  float fd[4] = {1, 1, 1, 1};
  kernels::mma_16x8x16(fd, fa, fb);
  d[g * 8 + 2 * t] = fd[0];
  d[g * 8 + 2 * t + 1] = fd[1];
  d[(g + 8) * 8 + 2 * t] = fd[2];
  d[(g + 8) * 8 + 2 * t + 1] = fd[3];
}

bool multiplies_on_tensor_core(Device& device) {
  Random random(7);
  std::vector<__half> a, b;
  for (int i = 0; i < 256; ++i)
    a.push_back(static_cast<float>(random.below(17) - 8));
  for (int i = 0; i < 128; ++i)
    b.push_back(static_cast<float>(random.below(17) - 8));
  const auto da = device.upload(a), db = device.upload(b);
  const auto dd = device.upload(std::vector<float>(128));
  launch("mma", mma_kernel, 1, 32, 0, device.stream(), da.data(), db.data(),
         dd.data());
  const std::vector<float> d = device.download(dd);
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      float sum = 1;
      for (int k = 0; k < 16; ++k)
        sum += float(a[row * 16 + k]) * float(b[k * 8 + column]);
      if (d[row * 8 + column] != sum) return false;
    }
  }
  return true;
}

enum Fault {
  kNone,
  kEarlyReturn,
  kOneWarpBarrier,
  kTwoBarriers,
  kOneLaneOperation,
  kPartialMask,
  kSharedOverrun,
  kUninitialisedShared,
  kMissingBarrier
};

__global__ void faulty_kernel(int fault, float* out) {
  auto* shared = reinterpret_cast<float*>(kernels::dynamic_shared());
  const unsigned i = threadIdx.x;
  if (fault == kEarlyReturn && i == 40) return;
  if (fault == kOneWarpBarrier && i < 32) __syncthreads();
  if (fault == kOneLaneOperation && i == 3) __syncwarp();
  if (fault == kPartialMask) __syncwarp(0xffff);
  if (fault != kUninitialisedShared) shared[i] = 1;
  if (fault == kSharedOverrun && i == 0) shared[blockDim.x] = 1;
  if (fault == kTwoBarriers && i < 32)
    __syncthreads();
  else if (fault != kMissingBarrier)
    __syncthreads();
  out[blockIdx.x * blockDim.x + i] =
      shared[(i + 1) % blockDim.x] + shared[(i + blockDim.x - 1) % blockDim.x];
}

std::vector<float> run_faulty(Device& device, Fault fault) {
  const auto out = device.upload(std::vector<float>(4 * 64));
  launch("faulty", faulty_kernel, 4, 64, 64 * sizeof(float), device.stream(),
         fault, out.data());
  return device.download(out);
}

bool has_nan(const std::vector<float>& values) {
  for (const float v : values)
    if (std::isnan(v)) return true;
  return false;
}

__global__ void add_kernel(float* x, int at, float what) {
  if (threadIdx.x == 0) x[at] += what;
}

__global__ void set_kernel(float* x, int at) {
  if (threadIdx.x == 0) x[at] = 1;
}

bool records_graphs(Device& device) {
  const auto x = device.upload(std::vector<float>{1, 2});
  std::vector<float> host{5};
  cudaStream_t stream, side;
  cudaEvent_t fork, join;
  cudaGraph_t graph;
  cudaGraphExec_t run;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "");
  check_cuda(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking), "");
  check_cuda(cudaEventCreateWithFlags(&fork, cudaEventDisableTiming), "");
  check_cuda(cudaEventCreateWithFlags(&join, cudaEventDisableTiming), "");
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "");
  check_cuda(cudaMemcpyAsync(x.data(), host.data(), sizeof(float),
                             cudaMemcpyHostToDevice, stream),
             "");
  launch("add", add_kernel, 1, 32, 0, stream, x.data(), 0, 10.0f);
  check_cuda(cudaEventRecord(fork, stream), "");
  check_cuda(cudaStreamWaitEvent(side, fork), "");
  launch("add", add_kernel, 1, 32, 0, side, x.data(), 1, 1.0f);
  check_cuda(cudaEventRecord(join, side), "");
  check_cuda(cudaStreamWaitEvent(stream, join), "");
  void* none;
  bool holds = cudaMalloc(&none, 1) == cudaErrorStreamCaptureUnsupported;
  check_cuda(cudaStreamEndCapture(stream, &graph), "");
  check_cuda(cudaGraphInstantiate(&run, graph), "");
  check_cuda(cudaGraphDestroy(graph), "");
  holds = holds && device.download(x) == std::vector<float>{1, 2};
  check_cuda(cudaGraphLaunch(run, stream), "");
  check_cuda(cudaStreamSynchronize(stream), "");
  holds = holds && device.download(x) == std::vector<float>{15, 3};
  host[0] = 6;
  check_cuda(cudaGraphLaunch(run, stream), "");
  check_cuda(cudaStreamSynchronize(stream), "");
  holds = holds && device.download(x) == std::vector<float>{16, 4};
  // The side stream is no longer captured.
  launch("add", add_kernel, 1, 32, 0, side, x.data(), 1, 1.0f);
  check_cuda(cudaStreamSynchronize(side), "");
  holds = holds && device.download(x) == std::vector<float>{16, 5};
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "");
  holds =
      holds &&
      cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported &&
      cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated;
  check_cuda(cudaGraphExecDestroy(run), "");
  check_cuda(cudaEventDestroy(fork), "");
  check_cuda(cudaEventDestroy(join), "");
  check_cuda(cudaStreamDestroy(stream), "");
  check_cuda(cudaStreamDestroy(side), "");
  return holds;
}

// No work runs before the host waits for the stream, for an event, or for
// another stream that waits for the event.
bool runs_work_late(Device& device) {
  const auto x = device.upload(std::vector<float>{1, 2});
  std::vector<float> early(2), late(2);
  cudaStream_t first, second;
  cudaEvent_t middle, end;
  check_cuda(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), "");
  check_cuda(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), "");
  check_cuda(cudaEventCreate(&middle), "");
  check_cuda(cudaEventCreate(&end), "");
  launch("add", add_kernel, 1, 32, 0, first, x.data(), 0, 10.0f);
  check_cuda(cudaEventRecord(middle, first), "");
  launch("add", add_kernel, 1, 32, 0, first, x.data(), 1, 10.0f);
  check_cuda(cudaEventRecord(end, first), "");
  float ms;
  bool holds = device.download(x) == std::vector<float>{1, 2} &&
               cudaEventElapsedTime(&ms, middle, end) == cudaErrorNotReady;
  check_cuda(cudaStreamWaitEvent(second, middle), "");
  check_cuda(cudaMemcpyAsync(early.data(), x.data(), 2 * sizeof(float),
                             cudaMemcpyDeviceToHost, second),
             "");
  check_cuda(cudaStreamSynchronize(second), "");
  holds = holds && early == std::vector<float>{11, 2};
  check_cuda(cudaMemcpyAsync(late.data(), x.data(), 2 * sizeof(float),
                             cudaMemcpyDeviceToHost, first),
             "");
  check_cuda(cudaEventSynchronize(end), "");
  holds = holds && device.download(x) == std::vector<float>{11, 12} &&
          late[0] == 0 && cudaEventElapsedTime(&ms, middle, end) == cudaSuccess;
  cudaGetLastError();
  check_cuda(cudaEventDestroy(middle), "");
  check_cuda(cudaEventDestroy(end), "");
  check_cuda(cudaStreamDestroy(second), "");
  check_cuda(cudaStreamDestroy(first), "");
  return holds && late[0] == 11;
}

bool runs_out_of_memory(Device& device) {
  emulated::set_memory_limit(emulated::memory_in_use() + 1000);
  void* memory = nullptr;
  bool holds = cudaMalloc(&memory, 1001) == cudaErrorMemoryAllocation &&
               !memory && cudaGetLastError() == cudaErrorMemoryAllocation &&
               cudaGetLastError() == cudaSuccess;
  try {
    check_cuda(cudaMalloc(&memory, 2000), "a buffer");
  } catch (const Error& error) {
    holds = holds && error.code == Code::kMemory;
  }
  holds = holds && cudaMalloc(&memory, 1000) == cudaSuccess &&
          cudaFree(memory) == cudaSuccess;
  emulated::set_memory_limit(16ull << 30);
  return holds &&
         has_nan(device.download(device.upload(std::vector<float>{NAN})));
}

bool finds_writes_outside(Device& device, int at) {
  const auto x = device.upload(std::vector<float>(100));
  launch("set", set_kernel, 1, 32, 0, device.stream(), x.data(), at);
  return error_contains(emulated::kSanitized ? "outside device memory"
                        : at < 0             ? "before 400 bytes"
                                             : "past the end of 400 bytes",
                        [&] { device.wait(); });
}

void add_cases(Cases& cases) {
  const auto add = [&](const char* name, std::function<bool(Device&)> holds) {
    add_bool_case(cases, std::string("emulated/") + name, std::move(holds));
  };
  add("conversion of every half and of every tie",
      [](Device&) { return halves_round_to_nearest_even(); });
  add("shuffles and votes", [](Device& device) {
    std::vector<int> in(96);
    for (int i = 0; i < 96; ++i) in[static_cast<size_t>(i)] = 7 * i;
    const auto out = device.upload(in);
    launch("warp", warp_kernel, 1, 96, 0, device.stream(),
           device.upload(in).data(), out.data());
    return device.download(out) == std::vector<int>(96, 1);
  });
  add("tensor core", multiplies_on_tensor_core);
  add("a correct kernel", [](Device& device) {
    return run_faulty(device, kNone) == std::vector<float>(256, 2.0f);
  });
  const struct {
    Fault fault;
    const char *name, *message;
  } faults[] = {
      {kEarlyReturn, "a thread returns before a barrier",
       "thread 40 has returned"},
      {kOneWarpBarrier, "a barrier that one warp reaches",
       "at different locations"},
      {kTwoBarriers, "two barriers in different branches",
       "at different locations"},
      {kOneLaneOperation, "a warp operation that one lane reaches",
       "some lanes of a warp do not reach"},
      {kPartialMask, "a partial mask", "only full masks are supported"},
      {kSharedOverrun, "a write past shared memory",
       emulated::kSanitized
           ? "outside dynamic shared memory"
           : "past the end of 256 bytes of dynamic shared memory"}};
  for (const auto& f : faults) {
    add(f.name, [f](Device& device) {
      return error_contains(f.message, [&] { run_faulty(device, f.fault); });
    });
  }
  // The sanitizer reports such a read. Without it the result has a NaN.
  const auto detects = [](Device& device, Fault fault) {
    if (emulated::kSanitized)
      return error_contains("that was never written",
                            [&] { run_faulty(device, fault); });
    return has_nan(run_faulty(device, fault));
  };
  add("a read of uninitialised shared memory", [detects](Device& device) {
    return detects(device, kUninitialisedShared);
  });
  add("a missing barrier",
      [detects](Device& device) { return detects(device, kMissingBarrier); });
  add("a read of uninitialised device memory", [](Device& device) {
    float* memory;
    std::vector<float> host(10);
    check_cuda(cudaMalloc(&memory, 40), "");
    check_cuda(cudaMemcpyAsync(host.data(), memory, 40, cudaMemcpyDeviceToHost,
                               device.stream()),
               "");
    check_cuda(cudaFree(memory), "");
    return has_nan(host);
  });
  add("a write past the end",
      [](Device& device) { return finds_writes_outside(device, 100); });
  add("a write before the start",
      [](Device& device) { return finds_writes_outside(device, -1); });
  add("graphs", records_graphs);
  add("work runs when the host waits", runs_work_late);
  add("out of memory", runs_out_of_memory);
}

const CaseGroup group("emulator", add_cases);

}  // namespace

}  // namespace alfa::check
