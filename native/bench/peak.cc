#include "bench/peak.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "bench/cuda_probe.h"
#include "bench/matmul_graph.h"
#include "check/random.h"
#include "engine/clock.h"
#include "runtime/pool.h"
#include "runtime/session.h"

namespace alfa::bench {
namespace {

constexpr int kSide = 2048;  // 17 GFLOP per matmul
constexpr int kFewestRuns = 3;
constexpr size_t kCopied = size_t{256} << 20;  // bytes; larger than any cache

double best_seconds(double seconds, const auto& work) {
  work();
  double best = 1e30;
  const auto began = Clock::now();
  for (int i = 0; i < kFewestRuns || ms_since(began) < 1000 * seconds; ++i) {
    const auto start = Clock::now();
    work();
    best = std::min(best, ms_since(start) / 1000);
  }
  return best;
}

double matmul_on_cpu(Runtime& runtime, const std::string& precision,
                     int threads, double seconds) {
  const MatmulGraph matmul(precision, kSide, 1);
  const LogTap silent({});
  SessionOptions options;
  options.threads = threads;
  options.log_id = silent.id();
  Session session(runtime, matmul.graph, options);
  check::Random random(1);
  const size_t count = static_cast<size_t>(kSide) * kSide;
  std::vector<float> a;
  std::vector<uint8_t> bytes;
  Feed feed{
      "a", nullptr, 0, {kSide, kSide}, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT};
  if (precision == "int8") {
    bytes.resize(count);
    for (uint8_t& v : bytes) v = random.byte();
    feed.data = bytes.data();
    feed.bytes = count;
    feed.type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
  } else {
    a = random.normals(count);
    feed.data = a.data();
    feed.bytes = count * sizeof(float);
  }
  return 2.0 * kSide * kSide * kSide /
         best_seconds(seconds, [&] { session.run({feed}, {"y"}, nullptr); });
}

double copy_on_cpu(int threads, double seconds) {
  const std::vector<char> from(kCopied, 1);
  std::vector<char> to(kCopied);
  Pool pool(threads);
  const size_t part = kCopied / static_cast<size_t>(threads);
  return 2.0 * static_cast<double>(part) * threads / best_seconds(seconds, [&] {
           pool.run(static_cast<size_t>(threads), [&](size_t i) {
             std::memcpy(to.data() + i * part, from.data() + i * part, part);
           });
         });
}

}  // namespace

Peaks measure_peaks(const std::string& runtime, const std::string& device,
                    const std::string& precision, int threads, double seconds) {
  Runtime& opened = Runtime::open(runtime);
  if (device != "cpu")
    return measure_gpu_peaks(opened, device, precision, seconds);
  Peaks peaks;
  peaks.side = kSide;
  peaks.matmul = matmul_on_cpu(opened, precision, threads, seconds);
  peaks.copy = copy_on_cpu(threads, seconds);
  peaks.copy_kind = "memcpy on " + std::to_string(threads) + " threads";
  return peaks;
}

}  // namespace alfa::bench
