// Device memory is host memory. It is filled with NaN when it is allocated and
// when it is freed, and has guards on both sides that show writes out of
// bounds.
#include "cuda_emulator/memory.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "cuda_emulator/machine.h"
#include "cuda_emulator/problem.h"
#include "cuda_emulator/sanitizer.h"
#include "cuda_emulator/stream.h"

namespace alfa::emulated {
namespace {

constexpr size_t kAlign = 256;   // of cudaMalloc
constexpr size_t kGuard = 4096;  // a multiple of kAlign
constexpr int kPoison = 0xff;

struct Allocation {
  size_t bytes;
  bool reported = false;  // damage of its guards was reported
};

struct Memory {
  std::mutex mutex;
  std::map<unsigned char*, Allocation> device, pinned;
  size_t used = 0, limit = 16ull << 30;
  Memory() {
    if (const char* text = std::getenv("ALFA_EMULATED_MEMORY"))
      limit = std::strtoull(text, nullptr, 10);
  }
};

Memory& memory() {
  static Memory* const all = new Memory;  // never destroyed
  return *all;
}

size_t size_with_guards(size_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign + 2 * kGuard;
}

unsigned char* allocate(size_t bytes) {
  const size_t total = size_with_guards(bytes);
#ifdef ALFA_CUDA_SANITIZED
  unsigned char* start = sanitizer::allocate(total);
  if (start) sanitizer::mark_allocated(start + kGuard, bytes);
#else
  auto* start = static_cast<unsigned char*>(std::aligned_alloc(kAlign, total));
#endif
  if (!start) return nullptr;
  std::memset(start, kPoison, total);
  return start + kGuard;
}

std::string guard_damage(unsigned char* at, const Allocation& a) {
  for (size_t i = 0; i < kGuard; ++i) {
    if (at[a.bytes + i] != kPoison)
      return "a write " + std::to_string(i) + " bytes past the end of " +
             std::to_string(a.bytes) + " bytes of device memory";
    if (at[-1 - static_cast<ptrdiff_t>(i)] != kPoison)
      return "a write " + std::to_string(i + 1) + " bytes before " +
             std::to_string(a.bytes) + " bytes of device memory";
  }
  return "";
}

cudaError_t release(std::map<unsigned char*, Allocation>& of, void* pointer,
                    size_t* used) {
  if (!pointer) return cudaSuccess;
  auto* at = static_cast<unsigned char*>(pointer);
  run_all_queues();  // as on a device, before memory is freed
  const std::lock_guard lock(memory().mutex);
  const auto found = of.find(at);
  if (found == of.end())
    return report(cudaErrorInvalidValue, "freed memory that was not allocated");
  if (const std::string problem = guard_damage(at, found->second);
      !problem.empty() && !found->second.reported) {
    // Callers do not look at the result of cudaFree.
    std::fprintf(stderr, "CUDA emulator: %s\n", problem.c_str());
    std::abort();
  }
  const size_t bytes = found->second.bytes;
  if (used) *used -= bytes;
  of.erase(found);
#ifdef ALFA_CUDA_SANITIZED
  sanitizer::release(at - kGuard, size_with_guards(bytes));
#else
  std::memset(at, kPoison, bytes);
  std::free(at - kGuard);
#endif
  return cudaSuccess;
}

}  // namespace

void set_memory_limit(size_t bytes) {
  const std::lock_guard lock(memory().mutex);
  memory().limit = bytes;
}

size_t memory_in_use() {
  const std::lock_guard lock(memory().mutex);
  return memory().used;
}

std::string damaged_guards() {
  const std::lock_guard lock(memory().mutex);
  for (auto* all : {&memory().device, &memory().pinned}) {
    for (auto& [at, allocation] : *all) {
      if (allocation.reported) continue;
      if (std::string problem = guard_damage(at, allocation);
          !problem.empty()) {
        allocation.reported = true;
        return problem;
      }
    }
  }
  return "";
}

bool on_device(const void* pointer, size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(pointer);
  const std::lock_guard lock(memory().mutex);
  auto after = memory().device.upper_bound(const_cast<unsigned char*>(at));
  if (after == memory().device.begin()) return false;
  const auto& [start, allocation] = *--after;
  return at + bytes <= start + allocation.bytes;
}

}  // namespace alfa::emulated

using namespace alfa::emulated;

cudaError_t cudaMalloc(void** result, size_t bytes) {
  if (const cudaError_t error = reject_while_capturing("cudaMalloc");
      error != cudaSuccess)
    return error;
  *result = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(memory().mutex);
  unsigned char* at =
      memory().used + bytes > memory().limit ? nullptr : allocate(bytes);
  if (!at) return report(cudaErrorMemoryAllocation);
  memory().used += bytes;
  memory().device.emplace(at, Allocation{bytes});
  *result = at;
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (const cudaError_t error = reject_while_capturing("cudaFree");
      error != cudaSuccess)
    return error;
  return release(memory().device, pointer, &memory().used);
}

cudaError_t cudaHostAlloc(void** result, size_t bytes, unsigned) {
  *result = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(memory().mutex);
  unsigned char* at = allocate(bytes);
  if (!at) return report(cudaErrorMemoryAllocation);
  memory().pinned.emplace(at, Allocation{bytes});
  *result = at;
  return cudaSuccess;
}
cudaError_t cudaMallocHost(void** result, size_t bytes, unsigned flags) {
  return cudaHostAlloc(result, bytes, flags);
}
cudaError_t cudaFreeHost(void* pointer) {
  return release(memory().pinned, pointer, nullptr);
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const std::lock_guard lock(memory().mutex);
  *total = memory().limit;
  *free = memory().limit > memory().used ? memory().limit - memory().used : 0;
  return cudaSuccess;
}
