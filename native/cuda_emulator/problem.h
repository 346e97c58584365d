// What went wrong, in a sentence that cudaGetErrorString hands on, and the
// number that the call returns.
#pragma once
#include <string>

#include "cuda_emulator/cuda_runtime_api.h"

namespace alfa::emulated {

struct Problem {
  std::string sentence;
};

// Remembers the error for cudaGetLastError (of this OS thread) and its sentence
// for cudaGetErrorString; returns it.
cudaError_t report(cudaError_t error, const std::string& sentence = "");

}  // namespace alfa::emulated
