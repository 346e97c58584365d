#include "bench/measure.h"

#include <cstdio>

#include "bench/cuda_probe.h"
#include "bench/flops.h"
#include "bench/host.h"
#include "checkpoint/open_checkpoint.h"
#include "engine/clock.h"

namespace alfa::bench {
namespace {

constexpr int kImages = 16;
// Calls of a shape that are not measured: memory is allocated, kernels are
// chosen, graphs are recorded.
constexpr int kWarmUp = 3;
constexpr int kFewestDetections = 5;
constexpr uint64_t kSeed = 240;

Latency measure_latency(Engine& engine,
                        const std::shared_ptr<const Category>& category,
                        const std::vector<TestImage>& images, double seconds) {
  std::vector<double> total, resize, forward, score, rest;
  auto began = Clock::now();
  for (int i = 0;
       i < kWarmUp + kFewestDetections || ms_since(began) < 1000 * seconds;
       ++i) {
    if (i == kWarmUp) began = Clock::now();
    const DetectRequest request =
        request_of(images[static_cast<size_t>(i) % images.size()], category);
    const auto start = Clock::now();
    const auto results = engine.detect({&request, 1}, nullptr);
    const double took = ms_since(start);
    if (i < kWarmUp) continue;
    const Detection& d = results[0][0];
    total.push_back(took);
    resize.push_back(d.resize_ms);
    forward.push_back(d.forward_ms);
    score.push_back(d.score_ms);
    rest.push_back(took - d.resize_ms - d.forward_ms - d.score_ms);
  }
  return {percentiles_of(total), percentiles_of(resize),
          percentiles_of(forward), percentiles_of(score), percentiles_of(rest)};
}

// A round that takes longer than `seconds` is measured once, after one round of
// warm-up.
Throughput measure_throughput(Engine& engine,
                              const std::shared_ptr<const Category>& category,
                              const std::vector<TestImage>& images, int batch,
                              double seconds) {
  const std::vector<DetectRequest> requests =
      requests_of(images, category, batch);
  auto began = Clock::now();
  for (int i = 0; i == 0 || (i < kWarmUp && ms_since(began) < 1000 * seconds);
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
  return {percentiles_of(rates).p50, percentiles_of(scores).p50,
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

  std::fprintf(stderr, "opening the engine\n");
  std::function<size_t()> used = [] { return size_t{0}; };
  if (options.device != "cpu") used = gpu_memory_meter(options.device);
  const size_t before = used();
  const auto growth = [&] {
    const size_t now = used();
    return now > before ? now - before : 0;
  };
  auto start = Clock::now();
  auto engine = subject.open(options.device, options.precision, 1);
  speed.open_ms = ms_since(start);
  speed.image = options.image > 0 ? options.image : engine->info().image_size;
  const auto images = smooth_images(kImages, speed.image, kSeed);

  // The engine has not run anything before the first detection, so the prompts
  // cannot come from it.
  const auto unseen = subject.category(
      *engine, random_prompts(engine->info().embed_dim, kSeed));
  const DetectRequest request = request_of(images[0], unseen);
  start = Clock::now();
  engine->detect({&request, 1}, nullptr);
  speed.first_ms = ms_since(start);

  std::fprintf(stderr, "measuring latency\n");
  const Prompts prompts = separating_prompts(*engine, {images[0], images[1]},
                                             options.scales, kSeed);
  speed.latency = measure_latency(*engine, subject.category(*engine, prompts),
                                  images, options.seconds);
  speed.info = engine->info();
  speed.resident = host_memory().resident;
  engine.reset();
  speed.left_after_first = growth();

  for (const int batch : options.batches) {
    std::fprintf(stderr, "measuring throughput at batch %d\n", batch);
    engine = subject.open(options.device, options.precision, batch);
    Throughput& t = speed.throughput[batch];
    t = measure_throughput(*engine, subject.category(*engine, prompts), images,
                           batch, options.seconds);
    t.device_bytes = growth();
    engine.reset();
  }
  speed.left_after_last = growth();
  speed.most = host_memory().most;
  return speed;
}

}  // namespace alfa::bench
