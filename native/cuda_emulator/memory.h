// Bookkeeping of device memory for the rest of the emulation.
#pragma once
#include <cstddef>
#include <string>

#include "cuda_emulator/cuda_runtime_api.h"

namespace alfa::emulated {

std::string broken_guards();  // empty, or which allocation was written past its
                              // ends; each is told once
bool on_device(const void* pointer, size_t bytes);

// Where some stream is being captured in global mode: what waits for the device
// or allocates is an error there.
cudaError_t refuse_while_capturing(const char* what);

}  // namespace alfa::emulated
