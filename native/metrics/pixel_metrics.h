// Pixel AUROC, average precision, trapezoidal AUPR, F1-max and PRO of a
// category, its pixels pooled, from one sort (method sec. 11). Each image is
// read once and not kept: a normal pixel takes 4 bytes, an anomalous one 8, and
// the sort is in place, so that 400 maps of 1024 x 1024 take 1.7 GB and a
// little more.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "metrics/ranking_metrics.h"

namespace alfa::metrics {

struct PixelOptions {
  double max_fpr = 0.3;  // in (0, 1]: PRO's area ends here
  int steps =
      0;  // 0: PRO exact over every threshold; else SteppedPro's thresholds
  bool curves = false;
  int threads = 0;  // 0: one per hardware thread. The results are the same for
                    // any number.
};

class PixelScores {
 public:
  explicit PixelScores(
      size_t pixels);  // of all images together; memory is touched as they come

  // map, mask [height, width], row-major; a nonzero mask pixel is anomalous; no
  // mask pixel: a good image. Throws Error(kRange) where a score is not finite
  // or there are more pixels than were announced; then this is of no use.
  void add(const float* map, const uint8_t* mask, int width, int height);

  // Throws Error(kRange) where there is no normal or no anomalous pixel, or
  // PRO's steps meet no two different rates.
  Metrics measure(const PixelOptions& options);

 private:
  size_t pixels_, normals_ = 0;
  int images_ = 0;
  std::unique_ptr<uint32_t[]>
      normal_;  // [normals_] of [pixels_], keys of scores
  std::vector<uint64_t>
      anomalous_;  // key of the score in the upper half, region in the lower
  std::vector<uint32_t> area_;  // [regions], pixels, at least 1
};

}  // namespace alfa::metrics
