#include "bench/cuda_probe.h"

#include <algorithm>

#include "bench/matmul_graph.h"
#include "check/random.h"
#include "engine/clock.h"
#include "runtime/cuda/provider.h"
#include "runtime/half.h"
#include "runtime/session.h"

namespace alfa::bench {
namespace {

#ifdef ALFA_CUDA_EMULATED  // 1,000 times slower; the results mean nothing
constexpr int kSide = 128;
constexpr size_t kCopied = size_t{1} << 20;
#else
constexpr int kSide = 8192;                  // 1.1 TFLOP per matmul
constexpr size_t kCopied = size_t{1} << 30;  // bytes; larger than any cache
#endif
constexpr int kDepth = 8;      // matmuls per run, so that launches cost nothing
constexpr int kRecording = 1;  // the first run records a graph, later runs
                               // replay it
constexpr int kWarmUp = 2, kFewestRuns = 3;

double best_seconds(CudaDevice& gpu, double seconds, const auto& launch) {
  CudaTimer timer;
  double best = 1e30;
  const auto began = Clock::now();
  for (int i = 0; i < kWarmUp + kFewestRuns || ms_since(began) < 1000 * seconds;
       ++i) {
    timer.record(gpu, 0);
    launch();
    timer.record(gpu, 1);
    gpu.wait();
    if (i >= kWarmUp) best = std::min(best, timer.ms(0, 1) / 1000);
  }
  return best;
}

double measure_matmul(Runtime& runtime, CudaDevice& gpu,
                      const std::string& precision, double seconds) {
  const bool half = precision == "fp16";
  const MatmulGraph graph(precision, kSide, kDepth);
  const LogTap silent({});
  SessionOptions options;
  options.threads = 1;
  options.log_id = silent.id();
  const CudaProvider provider(gpu, 0);
  options.provider = &provider;
  Session session(runtime, graph.graph, options);

  const size_t count = static_cast<size_t>(kSide) * kSide,
               bytes = count * (half ? 2 : 4);
  check::Random random(1);
  std::vector<float> a(count);
  for (float& v : a) v = static_cast<float>(2 * random.uniform() - 1);
  std::vector<uint16_t> a_half;
  if (half)
    for (const float v : a) a_half.push_back(to_half(v));
  const DeviceBuffer in = half ? gpu.upload<uint16_t>(a_half)
                               : gpu.upload<float>(a),
                     out = gpu.allocate(bytes);
  const ONNXTensorElementDataType type =
      half ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16
           : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  Binding binding = session.bind(kRecording);
  binding.input("a", in.data(), bytes, {kSide, kSide}, type);
  binding.output("y", out.data(), bytes, {kSide, kSide}, type);
  return 2.0 * kSide * kSide * kSide * kDepth /
         best_seconds(gpu, seconds, [&] { session.run(binding); });
}

double measure_copy(CudaDevice& gpu, double seconds) {
  const DeviceBuffer from = gpu.allocate(kCopied), to = gpu.allocate(kCopied);
  return 2.0 * static_cast<double>(kCopied) / best_seconds(gpu, seconds, [&] {
           gpu.copy(to.data(), from.data(), kCopied);
         });
}

}  // namespace

std::function<size_t()> gpu_memory_meter(const std::string& device) {
  const std::shared_ptr<CudaDevice> gpu = CudaDevice::open(device);
  return [gpu] {
    gpu->make_current();
    const CudaDevice::MemoryInfo memory = gpu->memory_info();
    return memory.total - memory.free;
  };
}

Peaks measure_gpu_peaks(Runtime& runtime, const std::string& device,
                        const std::string& precision, double seconds) {
  const auto gpu = CudaDevice::open(device);
  gpu->make_current();
  Peaks peaks;
  peaks.side = kSide;
  peaks.matmul = measure_matmul(runtime, *gpu, precision, seconds);
  peaks.copy = measure_copy(*gpu, seconds);
  peaks.copy_kind = "within the GPU's memory";
  return peaks;
}

}  // namespace alfa::bench
