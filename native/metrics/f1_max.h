// The largest F1 over all distinct scores as thresholds, and its threshold:
//   F1 = 2 TP / (2 TP + FP + FN), with 0/0 = 0
// Samples with score >= threshold count as anomalous. Of equal F1 the highest
// threshold is kept.
#pragma once
#include "metrics/operating_point.h"

namespace alfa::metrics {

class F1Max {
 public:
  explicit F1Max(uint64_t anomalous) : anomalous_(anomalous) {}

  void add(const OperatingPoint& point) {
    // Without another true positive F1 cannot be larger.
    if (point.true_positives == true_positives_) return;
    true_positives_ = point.true_positives;
    const double f1 = 2 * static_cast<double>(true_positives_) /
                      static_cast<double>(true_positives_ +
                                          point.false_positives + anomalous_);
    if (f1 > f1_) {
      f1_ = f1;
      threshold_ = point.threshold;
    }
  }
  double f1() const { return f1_; }
  double threshold() const { return threshold_; }

 private:
  uint64_t anomalous_, true_positives_ = 0;
  double f1_ = 0, threshold_ = 0;
};

}  // namespace alfa::metrics
