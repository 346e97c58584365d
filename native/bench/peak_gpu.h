// The same of a GPU.
#pragma once
#include "bench/peak.h"
#include "runtime/runtime.h"

namespace alfa::bench {

Peaks gpu_peaks(Runtime& runtime, const std::string& device,
                const std::string& precision, double seconds);

}  // namespace alfa::bench
