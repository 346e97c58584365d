// Per-region overlap (Bergmann et al., MVTec AD, IJCV 2021, sec. 5.2). A curve:
// - x: false positive rate over the normal pixels of all images
// - y: mean over the ground-truth regions (8-connected) of the fraction of each
//   region that counts as anomalous
#pragma once
#include <cmath>
#include <vector>

#include "metrics/operating_point.h"

namespace alfa::metrics {

// The area from x = 0 to max_fpr, divided by max_fpr. Trapezoids between all
// operating points, from (0, 0); y is interpolated at the limit.
class Pro {
 public:
  Pro(uint64_t normal, uint64_t regions, double max_fpr)
      : normal_(static_cast<double>(normal)),
        limit_(max_fpr * normal_),
        regions_(static_cast<double>(regions)) {}

  void add(const OperatingPoint& point) {
    const double next = static_cast<double>(point.false_positives),
                 from = static_cast<double>(last_.false_positives);
    if (from <= limit_) {
      x_ = next < limit_ ? next : limit_;
      y_ = next == from ? point.overlap
                        : last_.overlap + (point.overlap - last_.overlap) *
                                              ((x_ - from) / (next - from));
      area_.add((x_ - from) * (last_.overlap + y_) / 2);
    }
    last_ = point;
  }
  double value() const { return area_.value() / limit_ / regions_; }
  // The last point of the curve, at most the limit.
  double x() const { return x_ / normal_; }
  double y() const { return y_ / regions_; }

 private:
  double normal_, limit_, regions_, x_ = 0, y_ = 0;
  OperatingPoint last_;
  Sum area_;
};

// PRO as common Python implementations compute it, for comparison with
// published values. Thresholds are t_i = min + i (max - min) / steps for i = 0
// .. steps - 1 in float64; score > t_i counts as anomalous. Points with FPR <
// max_fpr are kept, their FPR is stretched to [0, 1], and trapezoids between
// them are summed. The result changes under monotone transforms of the scores.
class SteppedPro {
 public:
  SteppedPro(uint64_t normal, uint64_t regions, double max_fpr, int steps,
             double min, double max)
      : limit_(max_fpr * static_cast<double>(normal)),
        regions_(static_cast<double>(regions)),
        min_(min),
        step_((max - min) / steps),
        next_(steps - 1) {}

  void add(const OperatingPoint& point) {
    // At these thresholds t_i, exactly the samples up to last_ have score >
    // t_i.
    for (; next_ >= 0 && min_ + next_ * step_ >= point.threshold; --next_) {
      const double x = static_cast<double>(last_.false_positives);
      if (x >= limit_) continue;
      x_.push_back(x);
      y_.push_back(last_.overlap);
    }
    last_ = point;
  }
  // NaN if all kept points have the same FPR. The Python implementations divide
  // by zero then.
  double value() const {
    if (x_.empty() || x_.front() == x_.back()) return NAN;
    Sum area;
    for (size_t i = 1; i < x_.size(); ++i)
      area.add((x_[i] - x_[i - 1]) * (y_[i] + y_[i - 1]) / 2);
    return area.value() / (x_.back() - x_.front()) / regions_;
  }

 private:
  double limit_, regions_, min_, step_;
  int next_;
  OperatingPoint last_;
  std::vector<double> x_, y_;  // at most one per step
};

}  // namespace alfa::metrics
