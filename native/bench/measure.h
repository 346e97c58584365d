// Speed of one engine: what a host's program does, pixels in its memory to
// score and map in its memory.
#pragma once
#include <map>

#include "bench/numbers.h"
#include "bench/subject.h"

namespace alfa::bench {

struct Latency {  // ms, one detection at a time, warm
  Spread total, resize, forward, score,
      rest;  // rest: total without the other three
};

struct Throughput {
  double per_second = 0;  // images; the median of the rounds
  double score_ms = 0;    // of an image, from the embeddings to the map; the
                          // median of the rounds
  int rounds = 0;
  size_t device_bytes = 0;  // what the device's memory holds more than before
                            // the engine was opened
};

struct Speed {
  Info info;
  int image = 0;  // px a side of the pictures
  double open_ms = 0, first_ms = 0;
  Latency latency;
  std::map<int, Throughput>
      throughput;  // by batch, each of an engine of its own
  size_t resident = 0,
         most =
             0;  // bytes of host memory: after the detections at batch 1; ever
  // Bytes of the device's memory that stay taken once an engine is closed:
  // after the first (CUDA's and ONNX Runtime's code, loaded for good) and after
  // the last. Between the two nothing should grow.
  size_t left_first = 0, left_last = 0;
  double flops = 0;  // of an image's forward
};

Speed measure_speed(const Options& options, const Subject& subject);

}  // namespace alfa::bench
