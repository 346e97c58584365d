// What the machine can do, for orientation: a large matrix product through ONNX
// Runtime, in the precision of the detections beside it, and a copy.
#pragma once
#include <string>

namespace alfa::bench {

struct Peaks {
  double product = 0;  // FLOP/s (int8: OP/s); the best of the runs
  int side = 0;        // of the square matrices
  double copy = 0;     // bytes read plus bytes written, per second
  std::string
      copied;  // what the copy was: memcpy on N threads | the GPU's own memory
};

// `precision` as Info names it. `runtime` is open already or is opened.
Peaks measure_peaks(const std::string& runtime, const std::string& device,
                    const std::string& precision, int threads, double seconds);

}  // namespace alfa::bench
