// Two areas under the precision-recall curve. P is precision, R is recall.
//
// - average precision: sum of (R_n - R_{n-1}) P_n. No interpolation; the same
// as
//   average_precision_score of scikit-learn.
// - trapezoidal: sum of (R_n - R_{n-1}) (P_n + P_{n-1}) / 2, starting at
//   (R, P) = (0, 1). The same as auc(precision_recall_curve). It is optimistic:
//   a detector with one score for all samples gets (1 + anomalous fraction)
//   / 2.
#pragma once
#include "metrics/operating_point.h"

namespace alfa::metrics {

inline double precision(const OperatingPoint& point) {
  return static_cast<double>(point.true_positives) /
         static_cast<double>(point.true_positives + point.false_positives);
}

class PrecisionRecall {
 public:
  void add(const OperatingPoint& point) {
    if (point.true_positives > last_.true_positives) {  // recall grows
      const double found = static_cast<double>(point.true_positives -
                                               last_.true_positives),
                   now = precision(point);
      const bool first = last_.true_positives + last_.false_positives == 0;
      steps_.add(found * now);
      trapezoids_.add(found * (now + (first ? 1 : precision(last_))) / 2);
    }
    last_ = point;
  }
  double average_precision() const {
    return steps_.value() / static_cast<double>(last_.true_positives);
  }
  double trapezoidal() const {
    return trapezoids_.value() / static_cast<double>(last_.true_positives);
  }

 private:
  OperatingPoint last_;
  Sum steps_, trapezoids_;
};

}  // namespace alfa::metrics
