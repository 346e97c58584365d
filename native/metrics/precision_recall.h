// The areas under the precision-recall curve, P over R:
//   average precision  sum (R_n - R_{n-1}) P_n              scikit-learn's
//   average_precision_score; no interpolation trapezoidal        sum (R_n -
//   R_{n-1}) (P_n + P_{n-1})/2, from (R, P) = (0, 1)
//   auc(precision_recall_curve)
// The second flatters: a detector that says the same of everything gets (1 +
// share of anomalous) / 2.
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
    if (point.true_positives >
        last_.true_positives) {  // else the recall stands still
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
