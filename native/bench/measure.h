// Speed of one engine: what a host's program does, pixels in its memory to score and map in its memory.
#pragma once
#include <map>

#include "bench/numbers.h"
#include "bench/subject.h"

namespace alfa::bench {

struct Latency {  // ms, one detection at a time, warm
  Spread total, resize, forward, score, rest;  // rest: total without the other three
};

struct Throughput {
  double per_second = 0;     // images; the median of the rounds
  int rounds = 0;
  size_t device_bytes = 0;   // as Info tells; of an engine made for that batch
};

struct Speed {
  Info info;
  int image = 0;             // px a side of the pictures
  double open_ms = 0, first_ms = 0;
  Latency latency;
  std::map<int, Throughput> throughput;  // by batch
  size_t resident = 0, most = 0;         // bytes of host memory: after the detections at batch 1; ever
  double flops = 0;                      // of an image's forward
};

Speed measure_speed(const Options& options, const Subject& subject);

}  // namespace alfa::bench
