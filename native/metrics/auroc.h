// Area under the ROC curve: the share of (anomalous, normal) pairs that the
// scores order rightly, ties half. Pairs are counted in 64-bit integers, so
// that nothing is rounded before the last division; good for 6e9 samples.
#pragma once
#include "metrics/operating_point.h"

namespace alfa::metrics {

class Auroc {
 public:
  void add(const OperatingPoint& point) {
    const uint64_t tied = point.true_positives - last_.true_positives;
    twice_ += (point.false_positives - last_.false_positives) *
              (2 * last_.true_positives + tied);
    last_ = point;
  }
  // After the last point, which calls everything anomalous.
  double value() const {
    return static_cast<double>(twice_) / 2 /
           static_cast<double>(last_.false_positives) /
           static_cast<double>(last_.true_positives);
  }

 private:
  OperatingPoint last_;
  uint64_t twice_ = 0;  // 2 * pairs in order + pairs tied
};

}  // namespace alfa::metrics
