// The command line of alfa-bench.
#pragma once
#include <string>
#include <vector>

#include "engine.h"

namespace alfa::bench {

extern const char* const kUsage;

enum class Compare {
  kNone,       // measure speed
  kPrecision,  // with fp32 on the same device
  kCpu,        // with fp32 on the CPU
};

struct Options {
  std::string device = "cpu";
  Precision precision = Precision::kAuto;
  std::string runtime;  // absolute path of libonnxruntime
  std::string model;    // a checkpoint folder; empty: a random checkpoint
  std::string random = "full-size";
  std::vector<int> batches;  // images per Engine::detect
  double seconds = 5;        // at least, of each measurement
  std::vector<int> scales{2, 3};
  int threads = 0;   // 0: one per core
  int image = 0;     // the side of images in pixels; 0: the model's size
  std::string json;  // a file, or empty
  Compare compare = Compare::kNone;
  bool help = false;
};

// Error(kArgument) for a wrong argument. Error(kRuntime) if ONNX Runtime is not
// found.
Options parse(int argc, char** argv);

}  // namespace alfa::bench
