// Errors with messages that cudaGetErrorString returns.
#pragma once
#include <string>

#include "cuda_emulator/cuda_runtime_api.h"

namespace alfa::emulated {

struct Problem {
  std::string message;
};

// Sets the result of cudaGetLastError and cudaGetErrorString on this OS thread.
// Returns the error.
cudaError_t report(cudaError_t error, const std::string& message = "");

}  // namespace alfa::emulated
