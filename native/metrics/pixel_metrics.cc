#include "metrics/pixel_metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "error.h"
#include "kernels/regions/runs.h"
#include "metrics/pro.h"
#include "metrics/radix_sort.h"
#include "metrics/score_key.h"
#include "metrics/sweep.h"

namespace alfa::metrics {
namespace {

uint32_t upper(uint64_t entry) { return static_cast<uint32_t>(entry >> 32); }

void check_finite(const float* map, size_t pixels, int image) {
  for (size_t i = 0; i < pixels; ++i) {
    if (const float score = map[i]; !std::isfinite(score)) {
      throw Error(Code::kRange, "Expected finite scores, but received " +
                                    std::to_string(score) + " in map " +
                                    std::to_string(image) + ", pixel " +
                                    std::to_string(i));
    }
  }
}

}  // namespace

PixelScores::PixelScores(size_t pixels)
    : pixels_(pixels),
      normal_(std::make_unique_for_overwrite<uint32_t[]>(pixels)) {}

void PixelScores::add(const float* map, const uint8_t* mask, int width,
                      int height) {
  const size_t pixels =
      static_cast<size_t>(width) * static_cast<size_t>(height);
  if (pixels > pixels_ - normals_ - anomalous_.size()) {
    throw Error(Code::kRange, "Expected " + std::to_string(pixels_) +
                                  " pixels in total, but received more");
  }
  check_finite(map, pixels, images_);
  std::vector<kernels::Run> runs = kernels::connected_runs(
      width, height, [&](size_t i) { return mask[i] != 0; });
  // The root of a region comes before its other runs.
  std::vector<uint32_t> region_of(runs.size());
  size_t at = 0;
  const auto add_normal_until = [&](size_t end) {
    uint32_t* to = normal_.get() + normals_;
    normals_ += end - at;
    for (; at < end; ++at) *to++ = key_of(map[at]);
  };
  for (uint32_t r = 0; r < runs.size(); ++r) {
    const uint32_t root = kernels::root_of(runs, r);
    if (root == r) {
      region_of[r] = static_cast<uint32_t>(area_.size());
      area_.push_back(0);
    }
    const uint32_t region = region_of[root];
    const size_t row =
        static_cast<size_t>(runs[r].row) * static_cast<size_t>(width);
    const size_t end = row + static_cast<size_t>(runs[r].end);
    add_normal_until(row + static_cast<size_t>(runs[r].begin));
    area_[region] += static_cast<uint32_t>(end - at);
    for (; at < end; ++at)
      anomalous_.push_back(uint64_t{key_of(map[at])} << 32 | region);
  }
  add_normal_until(pixels);
  ++images_;
}

Metrics PixelScores::measure(const PixelOptions& options) {
  if (normals_ == 0 || anomalous_.empty()) {
    throw Error(Code::kRange,
                "Expected both normal and anomalous pixels, but received " +
                    std::to_string(normals_) + " normal and " +
                    std::to_string(anomalous_.size()) + " anomalous in " +
                    std::to_string(images_) + " images");
  }
  const std::span<uint32_t> normal(normal_.get(), normals_);
  const int threads =
      options.threads > 0
          ? options.threads
          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  radix_sort(normal, threads);
  radix_sort<uint64_t>(anomalous_, threads);

  std::vector<double> pixel_fraction(area_.size());
  std::transform(area_.begin(), area_.end(), pixel_fraction.begin(),
                 [](uint32_t area) { return 1.0 / area; });
  RankingMetrics ranking(normals_, anomalous_.size(), options.curves);
  Pro pro(normals_, area_.size(), options.max_fpr);
  std::optional<SteppedPro> stepped;
  if (options.steps > 0) {
    const float lowest =
        score_of<float>(std::min(normal.front(), upper(anomalous_.front())));
    const float highest =
        score_of<float>(std::max(normal.back(), upper(anomalous_.back())));
    stepped.emplace(normals_, area_.size(), options.max_fpr, options.steps,
                    lowest, highest);
  }
  CurveThinner pro_curve(options.max_fpr / kCurveSteps, 1.0 / kCurveSteps, 0,
                         0);
  const auto visit = [&](const OperatingPoint& point) {
    ranking.add(point);
    pro.add(point);
    if (stepped) stepped->add(point);
    if (options.curves) pro_curve.add(pro.x(), pro.y());
  };
  sweep<uint32_t, uint64_t>(
      normal, anomalous_, upper,
      [&](uint64_t entry) {
        return pixel_fraction[static_cast<uint32_t>(entry)];
      },
      score_of<float>, visit);
  Metrics metrics = ranking.finish();
  metrics.pro = stepped ? stepped->value() : pro.value();
  if (std::isnan(metrics.pro)) {
    throw Error(Code::kRange,
                "PRO with " + std::to_string(options.steps) +
                    " thresholds: expected at least two false positive rates "
                    "below the limit, but all are equal; use all thresholds "
                    "instead");
  }
  if (options.curves) metrics.pro_curve = pro_curve.finish();
  return metrics;
}

}  // namespace alfa::metrics
