// How much of a device's memory is taken, whoever took it: what an engine holds
// there is the difference to before it.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

namespace alfa {
class CudaDevice;
}

namespace alfa::bench {

class DeviceMeter {
 public:
  explicit DeviceMeter(
      const std::string& device);  // on a GPU makes CUDA's context, so that no
                                   // engine's is counted as its own
  ~DeviceMeter();
  size_t used() const;  // bytes; 0 on the CPU

 private:
  std::unique_ptr<CudaDevice> cuda_;
};

}  // namespace alfa::bench
