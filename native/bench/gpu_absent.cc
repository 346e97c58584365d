// A build without CUDA: an engine that is asked for a GPU says why there is
// none.
#include "bench/device_meter.h"
#include "bench/peak_gpu.h"
#include "error.h"

namespace alfa {
class CudaDevice {};
}  // namespace alfa

namespace alfa::bench {

DeviceMeter::DeviceMeter(const std::string&) {}
DeviceMeter::~DeviceMeter() = default;
size_t DeviceMeter::used() const { return 0; }

Peaks gpu_peaks(Runtime&, const std::string& device, const std::string&,
                double) {
  throw Error(Code::kDevice,
              "device '" + device + "' cannot be had: built without CUDA.");
}

}  // namespace alfa::bench
