// A build without CUDA: no engine has opened on a GPU by now.
#include "bench/peak_gpu.h"
#include "error.h"

namespace alfa::bench {

Peaks gpu_peaks(Runtime&, const std::string& device, const std::string&, double) {
  throw Error(Code::kDevice, "device '" + device + "' cannot be had: built without CUDA.");
}

}  // namespace alfa::bench
