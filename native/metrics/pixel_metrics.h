// Pixel AUROC, average precision, trapezoidal AUPR, F1-max and PRO over all
// pixels of a category, from one sort (docs/method.md, step 12). Maps are not
// kept: a normal pixel takes 4 bytes, an anomalous pixel 8, and the sort is in
// place. 400 maps of 1024 x 1024 take about 1.7 GB.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "metrics/ranking_metrics.h"

namespace alfa::metrics {

struct PixelOptions {
  double max_fpr = 0.3;  // in (0, 1]: the false positive rate at which PRO ends
  int steps = 0;         // 0: PRO over all thresholds; else as SteppedPro
  bool curves = false;
  int threads = 0;  // 0: one per hardware thread; results do not depend on it
};

class PixelScores {
 public:
  // `pixels`: at most as many as all images have together.
  explicit PixelScores(size_t pixels);

  // Adds one image. map, mask: [height, width], row-major. A nonzero mask pixel
  // is anomalous. Error(kRange) if a score is not finite or there are more
  // pixels than announced; the object must not be used after that.
  void add(const float* map, const uint8_t* mask, int width, int height);

  // Error(kRange) if there are no normal or no anomalous pixels, or if all
  // steps of PRO have the same false positive rate.
  Metrics measure(const PixelOptions& options);

 private:
  size_t pixels_;
  size_t normals_ = 0;
  int images_ = 0;
  // Keys of the scores of normal pixels: [pixels_], of which normals_ are set.
  std::unique_ptr<uint32_t[]> normal_;
  // Anomalous pixels: the key of the score in the upper half, the region in the
  // lower half.
  std::vector<uint64_t> anomalous_;
  std::vector<uint32_t> area_;  // pixels of each region
};

}  // namespace alfa::metrics
