// What alfa-bench is asked to do: its command line, read once.
#pragma once
#include <string>
#include <vector>

#include "engine.h"

namespace alfa::bench {

extern const char* const kUsage;

enum class Compare {
  kNone,
  kPrecision,
  kCpu
};  // measure speed | against fp32 on the same device | against the CPU in fp32

struct Options {
  std::string device = "cpu";
  Precision precision = Precision::kAuto;
  std::string runtime;  // absolute path of libonnxruntime
  std::string model;    // a checkpoint's folder; empty: a random one
  std::string random = "full-size";
  std::vector<int> batches;  // images of one Engine::detect
  double seconds = 5;        // of each measurement, at least
  std::vector<int> scales{2, 3};
  int threads = 0;   // 0: one per core
  int image = 0;     // px a side of the pictures; 0: the model's own
  std::string json;  // a file, or empty
  Compare compare = Compare::kNone;
  bool help = false;
};

// Error(kArgument) with a sentence for whoever typed it; Error(kRuntime) where
// no ONNX Runtime is found.
Options parse(int argc, char** argv);

}  // namespace alfa::bench
