// What the emulated device is, and what a test can change of it.
#pragma once
#include <cstddef>

namespace alfa::emulated {

constexpr size_t kMaxShared = 227 * 1024,
                 kSharedWithoutAsking = 48 * 1024;  // of a block, as on sm_90

// cudaMalloc fails with cudaErrorMemoryAllocation where more than so many bytes
// would be in use. The environment variable ALFA_EMULATED_MEMORY says so for a
// whole process.
void set_memory_limit(size_t bytes);
size_t memory_in_use();

size_t graphs_made();  // instantiated so far

}  // namespace alfa::emulated
