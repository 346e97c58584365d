#pragma once
#include <string>

#include "check/case.h"

namespace alfa::check {

// Whole detections of a checkpoint on the GPU against the same on the CPU in
// fp32: every recipe's settings, several images, several runs over the same
// memory. `runtime`: libonnxruntime; on a real GPU the core beside its CUDA
// provider.
void engine_cases(Cases& cases, const std::string& model,
                  const std::string& runtime);

void emulated_engine_cases(Cases& cases, const std::string& model,
                           const std::string& runtime);  // emulated/

}  // namespace alfa::check
