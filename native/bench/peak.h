// What the machine can reach: a large matmul in ONNX Runtime, in the precision
// of the measured detections, and a copy.
#pragma once
#include <string>

namespace alfa::bench {

struct Peaks {
  double matmul = 0;      // FLOP/s (int8: OP/s); the best of the runs
  int side = 0;           // of the square matrices
  double copy = 0;        // bytes read plus bytes written, per second
  std::string copy_kind;  // "memcpy on N threads", "within the GPU's memory"
};

// `precision` is Info::precision. `runtime` is the path of libonnxruntime.
Peaks measure_peaks(const std::string& runtime, const std::string& device,
                    const std::string& precision, int threads, double seconds);

}  // namespace alfa::bench
