// Area under the ROC curve. It equals the fraction of (anomalous, normal) pairs
// in which the anomalous sample has the higher score; a tie counts one half:
//   AUROC = (pairs in order + pairs tied / 2) / (anomalous * normal)
// Pairs are counted in 64-bit integers, which suffices for 6e9 samples. Only
// the last divisions round.
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
  // Call after the last point, at which all samples are anomalous.
  double value() const {
    return static_cast<double>(twice_) / 2 /
           static_cast<double>(last_.false_positives) /
           static_cast<double>(last_.true_positives);
  }

 private:
  OperatingPoint last_;
  uint64_t twice_ = 0;  // 2 * (pairs in order) + (pairs tied)
};

}  // namespace alfa::metrics
