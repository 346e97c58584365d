// The speed of one engine, from pixels in host memory to score and map in host
// memory.
#pragma once
#include <map>

#include "bench/percentiles.h"
#include "bench/subject.h"

namespace alfa::bench {

// Milliseconds of one detection at a time, after warm-up.
struct Latency {
  Percentiles total, resize, forward, score;
  Percentiles rest;  // total without the other three
};

struct Throughput {
  double per_second = 0;  // images; median of the rounds
  double score_ms = 0;  // per image, from the embeddings to the map; median of
                        // the rounds
  int rounds = 0;
  size_t device_bytes = 0;  // device memory in use, compared with before the
                            // engine was opened
};

struct Speed {
  Info info;
  int image = 0;  // the side of an image in pixels
  double open_ms = 0, first_ms = 0;
  Latency latency;
  std::map<int, Throughput>
      throughput;       // by batch size, each with a new engine
  size_t resident = 0;  // host memory in bytes after the detections at batch 1
  size_t most = 0;      // host memory in bytes, the largest
  // Device memory in bytes that is still in use after closing the first engine
  // (code of CUDA and ONNX Runtime, which stays loaded) and after closing the
  // last engine. The second must not be larger.
  size_t left_after_first = 0, left_after_last = 0;
  double flops = 0;  // of the forward of one image
};

Speed measure_speed(const Options& options, const Subject& subject);

}  // namespace alfa::bench
