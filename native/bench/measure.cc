#include "bench/measure.h"

#include <cstdio>

#include "bench/device_meter.h"
#include "bench/flops.h"
#include "bench/host.h"
#include "checkpoint/open_checkpoint.h"
#include "engine/clock.h"

namespace alfa::bench {
namespace {

constexpr int kPictures = 16;
constexpr int kWarm = 3;   // calls of a shape before its times count: memory
                           // found, kernels chosen, graphs recorded
constexpr int kLeast = 5;  // detections that percentiles are made of
constexpr uint64_t kSeed = 240;

Latency measure_latency(Engine& engine,
                        const std::shared_ptr<const Category>& category,
                        const std::vector<Pixels>& pictures, double seconds) {
  std::vector<double> total, resize, forward, score, rest;
  auto began = Clock::now();
  for (int i = 0; i < kWarm + kLeast || ms_since(began) < 1000 * seconds; ++i) {
    if (i == kWarm) began = Clock::now();
    const DetectRequest request = request_of(
        pictures[static_cast<size_t>(i) % pictures.size()], category);
    const auto start = Clock::now();
    const auto results = engine.detect({&request, 1}, nullptr);
    const double took = ms_since(start);
    if (i < kWarm) continue;
    const Detection& d = results[0][0];
    total.push_back(took);
    resize.push_back(d.resize_ms);
    forward.push_back(d.forward_ms);
    score.push_back(d.score_ms);
    rest.push_back(took - d.resize_ms - d.forward_ms - d.score_ms);
  }
  return {spread_of(total), spread_of(resize), spread_of(forward),
          spread_of(score), spread_of(rest)};
}

// A round longer than the measurement may take is measured once, after one to
// warm up.
Throughput measure_throughput(Engine& engine,
                              const std::shared_ptr<const Category>& category,
                              const std::vector<Pixels>& pictures, int batch,
                              double seconds) {
  const std::vector<DetectRequest> requests =
      requests_of(pictures, category, batch);
  auto began = Clock::now();
  for (int i = 0; i == 0 || (i < kWarm && ms_since(began) < 1000 * seconds);
       ++i)
    engine.detect(requests, nullptr);
  std::vector<double> rates, scores;
  began = Clock::now();
  while (rates.empty() || ms_since(began) < 1000 * seconds) {
    const auto start = Clock::now();
    const auto results = engine.detect(requests, nullptr);
    rates.push_back(1000 * batch / ms_since(start));
    double score = 0;
    for (const auto& parts : results) score += parts[0].score_ms / batch;
    scores.push_back(score);
  }
  return {spread_of(rates).p50, spread_of(scores).p50,
          static_cast<int>(rates.size()), 0};
}

double flops_of(const Subject& subject, const std::vector<int>& scales) {
  const Architecture architecture = open_checkpoint(subject.folder(), 0);
  return architecture.vision
             ? forward_flops(*architecture.vision, architecture.embed_dim,
                             scales, true)
                   .total()
             : 0;
}

}  // namespace

Speed measure_speed(const Options& options, const Subject& subject) {
  Speed speed;
  speed.flops = flops_of(subject, options.scales);

  std::fprintf(stderr, "opening\n");
  const DeviceMeter meter(options.device);
  const size_t before = meter.used();
  const auto more = [&] {
    return meter.used() > before ? meter.used() - before : 0;
  };
  auto start = Clock::now();
  auto engine = subject.open(options.device, options.precision, 1);
  speed.open_ms = ms_since(start);
  speed.image = options.image > 0 ? options.image : engine->info().image_size;
  const auto pictures = smooth_pictures(kPictures, speed.image, kSeed);

  // The first detection is of an engine that has run nothing: its prompts
  // cannot come from the engine yet.
  const auto unseen = subject.category(
      *engine, random_prompts(engine->info().embed_dim, kSeed));
  const DetectRequest request = request_of(pictures[0], unseen);
  start = Clock::now();
  engine->detect({&request, 1}, nullptr);
  speed.first_ms = ms_since(start);

  std::fprintf(stderr, "one at a time\n");
  const Prompts prompts = telling_prompts(*engine, {pictures[0], pictures[1]},
                                          options.scales, kSeed);
  speed.latency = measure_latency(*engine, subject.category(*engine, prompts),
                                  pictures, options.seconds);
  speed.info = engine->info();
  speed.resident = host_memory().resident;
  engine.reset();
  speed.left_first = more();

  for (const int batch : options.batches) {
    std::fprintf(stderr, "%d at once\n", batch);
    engine = subject.open(options.device, options.precision, batch);
    Throughput& t = speed.throughput[batch];
    t = measure_throughput(*engine, subject.category(*engine, prompts),
                           pictures, batch, options.seconds);
    t.device_bytes = more();
    engine.reset();
  }
  speed.left_last = more();
  speed.most = host_memory().most;
  return speed;
}

}  // namespace alfa::bench
