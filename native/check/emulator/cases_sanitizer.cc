// The sanitizer of the emulator: kernels with one fault each, which must be
// reported, and the same kernels without the fault.
#include "check/emulator/bool_case.h"
#include "kernels/launch.cuh"

namespace alfa::check {
namespace {

using kernels::launch;

constexpr int kThreads = 64;

enum class Order { kBlock, kWarp, kShuffle, kNone };

__device__ void keep(Order order) {
  if (order == Order::kBlock) __syncthreads();
  if (order == Order::kWarp) __syncwarp();
  if (order == Order::kShuffle) __shfl_sync(0xffffffffu, 0, 0);
}

// Each thread writes its cell and reads the cell of thread i ^ distance, or
// reads first and then writes.
template <bool read_first>
__global__ void neighbour_kernel(Order order, int distance, float* out) {
  __shared__ float cell[kThreads];
  const int i = threadIdx.x;
  cell[i] = 1;
  __syncthreads();
  float found = 0;
  if constexpr (read_first)
    found = cell[i ^ distance];
  else
    cell[i] = 2;
  keep(order);
  if constexpr (read_first)
    cell[i] = 2;
  else
    found = cell[i ^ distance];
  out[i] = found;
}

__global__ void same_address_kernel(bool atomic, float* out) {
  if (threadIdx.x != 0) return;
  if (atomic)
    atomicAdd(out, 1.0f);
  else
    *out = 1;
}

// The last of two blocks reads what the other block wrote.
__global__ void last_block_kernel(bool before, bool after, int* count,
                                  float* out) {
  __shared__ bool last;
  out[1 + blockIdx.x * kThreads + threadIdx.x] = 1;
  if (before) __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(count, 1) == 1;
    if (after) __threadfence();
  }
  __syncthreads();
  if (last && threadIdx.x == 0) *out = out[kThreads] + out[1 + kThreads];
}

__global__ void copy_kernel(const float* from, float* to, int at) {
  if (threadIdx.x == 0) to[0] = from[at];
}

__global__ void copy_four_kernel(const float* from, float* to) {
  if (threadIdx.x == 0)
    *reinterpret_cast<float4*>(to) = *reinterpret_cast<const float4*>(from);
}

__global__ void static_kernel(int written, float* out) {
  __shared__ float cell[kThreads];
  if (static_cast<int>(threadIdx.x) < written) cell[threadIdx.x] = 1;
  __syncthreads();
  out[threadIdx.x] = cell[threadIdx.x];
}

void add_cases(Cases& cases) {
  // `message` is a part of the expected error, or null for a correct kernel.
  const auto add = [&](const char* name, const char* message, auto run) {
    add_bool_case(cases, std::string("emulated/sanitizer/") + name,
                  [=](Device& device) {
                    const auto run_and_wait = [&] {
                      run(device);
                      device.wait();
                    };
                    if (message) return error_contains(message, run_and_wait);
                    run_and_wait();
                    return true;
                  });
  };
  const auto neighbour = [](auto kernel, Order order, int distance) {
    return [=](Device& device) {
      const auto out = device.upload(std::vector<float>(kThreads));
      launch("neighbour", kernel, 1, kThreads, 0, device.stream(), order,
             distance, out.data());
    };
  };
  const char* race = "without an ordering between the two";
  const auto reads = neighbour_kernel<false>, writes = neighbour_kernel<true>;
  add("a barrier", nullptr, neighbour(reads, Order::kBlock, 40));
  add("a barrier of the warp", nullptr, neighbour(reads, Order::kWarp, 8));
  add("a read of the same thread's cell", nullptr,
      neighbour(reads, Order::kNone, 0));
  add("no barrier", race, neighbour(reads, Order::kNone, 40));
  add("no barrier within a warp", race, neighbour(reads, Order::kNone, 8));
  add("a shuffle instead of a barrier", race,
      neighbour(reads, Order::kShuffle, 8));
  add("a barrier of the warp instead of the block", race,
      neighbour(reads, Order::kWarp, 40));
  add("a write after a read", race, neighbour(writes, Order::kNone, 8));
  add("a write after another warp's read", race,
      neighbour(writes, Order::kWarp, 40));
  add("a write after a read with a barrier", nullptr,
      neighbour(writes, Order::kBlock, 40));
  for (const bool atomic : {false, true}) {
    add(atomic ? "blocks add atomically" : "blocks write the same address",
        atomic ? nullptr : race, [=](Device& device) {
          const auto out = device.upload(std::vector<float>(1));
          launch("same address", same_address_kernel, 3, 32, 0, device.stream(),
                 atomic, out.data());
        });
  }
  const auto last_block = [](bool before, bool after) {
    return [=](Device& device) {
      const auto count = device.upload(std::vector<int>(1));
      const auto out = device.upload(std::vector<float>(1 + 2 * kThreads));
      launch("last block", last_block_kernel, 2, kThreads, 0, device.stream(),
             before, after, count.data(), out.data());
    };
  };
  add("the last block reads", nullptr, last_block(true, true));
  add("the last block reads data without a fence before", race,
      last_block(false, true));
  add("the last block reads data without a fence after", race,
      last_block(true, false));
  const auto copy = [](int at) {
    return [=](Device& device) {
      const auto x = device.upload(std::vector<float>(8)),
                 out = device.upload(std::vector<float>(8));
      launch("copy", copy_kernel, 1, 32, 0, device.stream(), x.data(),
             out.data(), at);
    };
  };
  add("a read in bounds", nullptr, copy(7));
  add("a read past the end", "outside device memory", copy(8));
  add("a read before the start", "outside device memory", copy(-1));
  add("a read of host memory", "not memory of the device", [](Device& device) {
    const std::vector<float> host(8);
    const auto out = device.upload(host);
    launch("copy", copy_kernel, 1, 32, 0, device.stream(), host.data(),
           out.data(), 0);
    device.wait();
  });
  add("a read of freed memory", "outside device memory", [](Device& device) {
    const auto out = device.upload(std::vector<float>(8));
    const float* gone = device.upload(std::vector<float>(8)).data();
    launch("copy", copy_kernel, 1, 32, 0, device.stream(), gone, out.data(), 0);
  });
  add("a read of uninitialised device memory", "never written",
      [](Device& device) {
        float* memory = nullptr;
        kernels::check_cuda(cudaMalloc(&memory, 32), "");
        launch("copy", copy_kernel, 1, 32, 0, device.stream(), memory,
               memory + 4, 0);
        const cudaError_t error = cudaStreamSynchronize(device.stream());
        const std::string said = cudaGetErrorString(error);
        cudaFree(memory);
        if (error != cudaSuccess) throw Error(Code::kRuntime, said);
      });
  for (const int written : {kThreads, kThreads - 1}) {
    add(written < kThreads ? "a read of uninitialised static shared memory"
                           : "a read of static shared memory",
        written < kThreads ? "static shared memory that was never written"
                           : nullptr,
        [=](Device& device) {
          const auto out = device.upload(std::vector<float>(kThreads));
          launch("static", static_kernel, 1, kThreads, 0, device.stream(),
                 written, out.data());
        });
  }
  for (const int at : {0, 1}) {
    add(at ? "a misaligned address" : "an aligned address",
        at ? "not a multiple of 16" : nullptr, [=](Device& device) {
          const auto x = device.upload(std::vector<float>(8)),
                     out = device.upload(std::vector<float>(8));
          launch("copy four", copy_four_kernel, 1, 32, 0, device.stream(),
                 x.data() + at, out.data());
        });
  }
}

const CaseGroup group("emulator_sanitizer", add_cases);

}  // namespace

}  // namespace alfa::check
