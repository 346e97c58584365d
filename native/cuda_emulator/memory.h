// What the rest of the emulator needs to know about device memory.
#pragma once
#include <cstddef>
#include <string>

#include "cuda_emulator/cuda_runtime_api.h"

namespace alfa::emulated {

// Empty, or a message about an allocation with a write out of bounds. Each
// allocation is reported once.
std::string damaged_guards();
bool on_device(const void* pointer, size_t bytes);

// An error while a stream is captured in global mode: then nothing may wait for
// the device or allocate.
cudaError_t reject_while_capturing(const char* function);

}  // namespace alfa::emulated
