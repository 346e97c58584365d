// Limits of the emulated device, and what tests can change and read.
#pragma once
#include <cstddef>

namespace alfa::emulated {

// Shared memory of a block in bytes, as on sm_90.
constexpr size_t kMaxShared = 227 * 1024;
constexpr size_t kDefaultShared = 48 * 1024;  // without cudaFuncSetAttribute

// cudaMalloc fails with cudaErrorMemoryAllocation if more bytes than this would
// be in use. The environment variable ALFA_EMULATED_MEMORY sets the limit at
// the start.
void set_memory_limit(size_t bytes);
size_t memory_in_use();

size_t graph_count();  // graphs instantiated so far

}  // namespace alfa::emulated
