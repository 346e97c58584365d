#include "bench/report.h"

#include <cstdio>

#include "bench/host.h"
#include "bench/json.h"

namespace alfa::bench {
namespace {

double megabytes(size_t bytes) { return static_cast<double>(bytes) / 1e6; }

std::string device_of(const Info& info) {
  return info.device == "cpu" ? processor()
                              : info.device + ", " + info.device_name;
}

void line(const char* name, const Percentiles& s) {
  std::printf("  %-10s %10.3f %10.3f %10.3f\n", name, s.p50, s.p90, s.p99);
}

void line(const char* name, const Difference& d) {
  std::printf("  %-20s %10.3g %10.3g %10.3g %10.3g   %.9f\n", name, d.score,
              d.global, d.local, d.map, d.correlation);
}

void put(Json& json, const char* name, const Difference& d) {
  json.open(name);
  json.put("score", d.score);
  json.put("global", d.global);
  json.put("local", d.local);
  json.put("map", d.map);
  json.put("mapCorrelation", d.correlation);
  json.close();
}

void put(Json& json, const char* name, const Percentiles& s) {
  json.open(name);
  json.put("p50", s.p50);
  json.put("p90", s.p90);
  json.put("p99", s.p99);
  json.close();
}

// FLOP/s of the forward without scoring, at batch 1.
double latency_flops(const Speed& s) {
  return s.flops / (s.latency.forward.p50 / 1000);
}
// FLOP/s of the forward at the speed of complete detections.
double flops_at(const Speed& s, double images_per_second) {
  return s.flops * images_per_second;
}

}  // namespace

void print(const std::string& model, const Options& options, const Speed& s,
           const Peaks& peaks) {
  const Info& i = s.info;
  std::printf("%s, %s, ONNX Runtime %s, %d threads\n", device_of(i).c_str(),
              i.precision.c_str(), i.ort_version.c_str(), i.threads);
  std::printf("%s: %d px, %d x %d patches; scales", model.c_str(), i.image_size,
              i.grid, i.grid);
  for (const int k : options.scales) std::printf(" %d", k);
  std::printf(
      "; images of %d px, %d prompts; the forward of an image is %.4g TFLOP\n",
      s.image, kPrompts, s.flops / 1e12);
  std::printf("\nms: opening the engine %.1f, first detection %.1f\n",
              s.open_ms, s.first_ms);
  std::printf("\nlatency, ms (%d runs)       p50        p90        p99\n",
              s.latency.total.count);
  line("total", s.latency.total);
  line("resize", s.latency.resize);
  line("forward", s.latency.forward);
  line("score", s.latency.score);
  line("rest", s.latency.rest);
  std::printf(
      "\npeaks of the machine: matmul of %d x %d in %s %.4g TFLOP/s; copy %.4g "
      "GB/s read and written (%s)\n",
      peaks.side, peaks.side, i.precision.c_str(), peaks.matmul / 1e12,
      peaks.copy / 1e9, peaks.copy_kind.c_str());
  std::printf("\nforward at batch 1: %.4g TFLOP/s, %.1f%% of the matmul peak\n",
              latency_flops(s) / 1e12, 100 * latency_flops(s) / peaks.matmul);
  std::printf(
      "\n    batch  images/s    TFLOP/s   of matmul peak  score, ms per image  "
      "rounds  device MB\n");
  for (const auto& [batch, t] : s.throughput)
    std::printf("  %7d %9.2f %10.4g %15.1f%% %19.4f %7d %10.1f\n", batch,
                t.per_second, flops_at(s, t.per_second) / 1e12,
                100 * flops_at(s, t.per_second) / peaks.matmul, t.score_ms,
                t.rounds, megabytes(t.device_bytes));
  std::printf("\nhost memory, MB: %.1f at batch 1, largest %.1f\n",
              megabytes(s.resident), megabytes(s.most));
  if (i.device != "cpu")
    std::printf(
        "device memory still in use, MB: %.1f after the first engine was "
        "closed, %.1f after the last\n",
        megabytes(s.left_after_first), megabytes(s.left_after_last));
}

void print(const std::string& model, const Comparison& c) {
  std::printf("%s: %s compared with %s, %d images of %d px\n\n", model.c_str(),
              c.compared.c_str(), c.reference.c_str(), c.images, c.image);
  std::printf(
      "  largest difference        score     global      local        map   "
      "lowest map correlation\n");
  line("with selection", c.selected);
  line("without selection", c.unselected);
  std::printf(
      "\n  prompts selected differently: %d of %d; scores of the reference: "
      "%.4f to %.4f\n",
      c.kept_differently, c.prompts, c.lowest, c.highest);
  std::printf(
      "  lowest cosine of the two embeddings of an image: %.9f; of two images "
      "in the reference: %.6f\n",
      c.embedding, c.between_images);
}

std::string json_of(const std::string& model, const Options& options,
                    const Speed& s, const Peaks& peaks) {
  const Info& i = s.info;
  Json json;
  json.put("device", i.device);
  json.put("deviceName", i.device == "cpu" ? processor() : i.device_name);
  json.put("processor", processor());
  json.put("precision", i.precision);
  json.put("ortVersion", i.ort_version);
  json.put("threads", i.threads);
  json.put("model", model);
  json.put("scales", options.scales);
  json.put("picture", s.image);
  json.put("prompts", kPrompts);
  json.put("flopsPerImage", s.flops);
  json.put("openMs", s.open_ms);
  json.put("firstMs", s.first_ms);
  json.open("latencyMs");
  json.put("count", s.latency.total.count);
  put(json, "total", s.latency.total);
  put(json, "resize", s.latency.resize);
  put(json, "forward", s.latency.forward);
  put(json, "score", s.latency.score);
  put(json, "rest", s.latency.rest);
  json.close();
  json.open("peak");
  json.put("product", peaks.matmul);
  json.put("productSide", peaks.side);
  json.put("copyBytesPerSecond", peaks.copy);
  json.put("copied", peaks.copy_kind);
  json.close();
  json.put("forwardFlops", latency_flops(s));
  json.put("forwardShareOfPeak", latency_flops(s) / peaks.matmul);
  json.open("throughput");
  for (const auto& [batch, t] : s.throughput) {
    json.open(std::to_string(batch));
    json.put("imagesPerSecond", t.per_second);
    json.put("scoreMs", t.score_ms);
    json.put("rounds", t.rounds);
    json.put("flops", flops_at(s, t.per_second));
    json.put("shareOfPeak", flops_at(s, t.per_second) / peaks.matmul);
    json.put("deviceBytes", static_cast<double>(t.device_bytes));
    json.close();
  }
  json.close();
  json.put("residentBytes", static_cast<double>(s.resident));
  json.put("mostBytes", static_cast<double>(s.most));
  json.put("deviceBytesAfterFirst", static_cast<double>(s.left_after_first));
  json.put("deviceBytesAfterLast", static_cast<double>(s.left_after_last));
  return json.finish();
}

std::string json_of(const std::string& model, const Comparison& c) {
  Json json;
  json.put("model", model);
  json.put("reference", c.reference);
  json.put("compared", c.compared);
  json.put("pictures", c.images);
  json.put("picture", c.image);
  put(json, "selected", c.selected);
  put(json, "unselected", c.unselected);
  json.put("embeddingCosine", c.embedding);
  json.put("imagesCosine", c.between_images);
  json.put("keptOtherwise", c.kept_differently);
  json.put("promptsCompared", c.prompts);
  json.put("lowestScore", c.lowest);
  json.put("highestScore", c.highest);
  return json.finish();
}

}  // namespace alfa::bench
