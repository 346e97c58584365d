// Launches: checks the limits of a device, then runs the blocks of the grid on
// the cores of the CPU.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cuda_emulator/cuda_runtime.h"
#include "cuda_emulator/machine.h"
#include "cuda_emulator/problem.h"
#include "cuda_emulator/sanitizer.h"
#include "cuda_emulator/stream.h"

namespace alfa::emulated {
namespace {

std::mutex shared_limits_mutex;
std::map<const void*, size_t> shared_limits;  // of kernels with an attribute

size_t shared_limit(const void* kernel) {
  const std::lock_guard lock(shared_limits_mutex);
  const auto found = shared_limits.find(kernel);
  return found == shared_limits.end() ? kDefaultShared
                                      : std::max(found->second, kDefaultShared);
}

// One grid. Each OS thread takes the next block until none is left.
struct Grid {
  dim3 grid, block;
  size_t shared_bytes, count;
  unsigned number;  // counts launches
  const Kernel& kernel;
  Problem first{};
  std::mutex mutex{};
  std::atomic<size_t> next{0};

  void work() {
    for (size_t i = next++; i < count; i = next++) {
      if (failed()) return;
      const size_t plane = static_cast<size_t>(grid.x) * grid.y;
      const uint3 index{static_cast<unsigned>(i % grid.x),
                        static_cast<unsigned>(i / grid.x % grid.y),
                        static_cast<unsigned>(i / plane)};
      Problem problem;
      if (!run_block(
              {grid, block, index, shared_bytes, ((i + number) & 1) != 0},
              kernel, problem)) {
        const std::lock_guard lock(mutex);
        if (first.message.empty()) first = problem;
      }
    }
  }
  bool failed() {
    const std::lock_guard lock(mutex);
    return !first.message.empty();
  }
};

// OS threads that help with grids of many blocks. One grid runs at a time.
class Helpers {
 public:
  Helpers() {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 1; i < cores; ++i)
      threads_.emplace_back([this] { help(); });
  }
  void run(Grid& grid) {
    const std::lock_guard one(one_);
    {
      const std::lock_guard lock(mutex_);
      grid_ = &grid;
      ++turn_;
    }
    changed_.notify_all();
    grid.work();
    std::unique_lock lock(mutex_);
    grid_ = nullptr;
    idle_.wait(lock, [&] { return busy_ == 0; });
  }

 private:
  void help() {
    std::unique_lock lock(mutex_);
    for (size_t seen = 0;;) {
      changed_.wait(lock, [&] { return grid_ && turn_ != seen; });
      seen = turn_;
      Grid* grid = grid_;
      ++busy_;
      lock.unlock();
      grid->work();
      lock.lock();
      if (--busy_ == 0) idle_.notify_all();
    }
  }

  std::mutex one_, mutex_;
  std::condition_variable changed_, idle_;
  Grid* grid_ = nullptr;
  size_t turn_ = 0;
  int busy_ = 0;
  std::vector<std::thread> threads_;
};

cudaError_t run_grid(dim3 grid, dim3 block, size_t shared_bytes,
                     const Kernel& kernel) {
  static Helpers* const helpers = new Helpers;  // lives as long as the process
  static std::atomic<unsigned> launches{0};
  Grid all{grid,         block,
           shared_bytes, static_cast<size_t>(grid.x) * grid.y * grid.z,
           launches++,   kernel};
  sanitizer::begin_launch();
  if (all.count < 2 || kSanitized)
    all.work();
  else
    helpers->run(all);
  return all.first.message.empty()
             ? cudaSuccess
             : report(cudaErrorLaunchFailure, all.first.message);
}

}  // namespace

cudaError_t launch(const cudaLaunchConfig_t& config, const void* function,
                   Kernel kernel) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 ||
      block.y == 0 || block.z == 0)
    return report(cudaErrorInvalidConfiguration,
                  "a dimension of the grid or block is 0");
  if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
    return report(cudaErrorInvalidConfiguration,
                  "the grid is larger than a device allows");
  if (static_cast<size_t>(block.x) * block.y * block.z > 1024 || block.z > 64)
    return report(cudaErrorInvalidConfiguration,
                  "the block has more than 1,024 threads");
  if (config.dynamicSmemBytes > shared_limit(function))
    return report(cudaErrorInvalidValue,
                  "more dynamic shared memory than the kernel may use; see "
                  "cudaFuncSetAttribute");
  return submit(config.stream, [=, bytes = config.dynamicSmemBytes] {
    return run_grid(grid, block, bytes, kernel);
  });
}

}  // namespace alfa::emulated

cudaError_t cudaFuncSetAttribute(const void* function,
                                 cudaFuncAttribute attribute, int value) {
  using namespace alfa::emulated;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize)
    return cudaSuccess;
  if (value < 0 || static_cast<size_t>(value) > kMaxShared)
    return report(cudaErrorInvalidValue,
                  "more shared memory than a block can have");
  const std::lock_guard lock(shared_limits_mutex);
  shared_limits[function] = static_cast<size_t>(value);
  return cudaSuccess;
}
