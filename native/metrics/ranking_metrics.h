// The metrics of ranked samples, images or pixels, from one pass over the
// operating points (docs/method.md, step 12).
#pragma once
#include <limits>

#include "metrics/auroc.h"
#include "metrics/curve.h"
#include "metrics/f1_max.h"
#include "metrics/precision_recall.h"

namespace alfa::metrics {

struct Metrics {
  double auroc = 0, average_precision = 0, aupr_trapezoid = 0;
  double f1 = 0, threshold = 0;                           // of F1-max
  double pro = std::numeric_limits<double>::quiet_NaN();  // pixels only
  // At most about 1,000 points each. Empty unless requested.
  Curve roc;        // false positive rate, true positive rate
  Curve pr;         // recall, precision
  Curve pro_curve;  // false positive rate up to the limit, mean overlap
};

// A curve that rises from 0 to 1 in x and y then has at most 1,000 points.
constexpr int kCurveSteps = 499;

class RankingMetrics {
 public:
  RankingMetrics(uint64_t normal, uint64_t anomalous, bool curves)
      : normal_(static_cast<double>(normal)),
        anomalous_(static_cast<double>(anomalous)),
        curves_(curves),
        f1_max_(anomalous) {}

  void add(const OperatingPoint& point) {
    auroc_.add(point);
    precision_recall_.add(point);
    f1_max_.add(point);
    if (curves_) add_to_curves(point);
  }
  Metrics finish() {
    Metrics m;
    m.auroc = auroc_.value();
    m.average_precision = precision_recall_.average_precision();
    m.aupr_trapezoid = precision_recall_.trapezoidal();
    m.f1 = f1_max_.f1();
    m.threshold = f1_max_.threshold();
    if (curves_) {
      m.roc = roc_.finish();
      m.pr = pr_.finish();
    }
    return m;
  }

 private:
  void add_to_curves(const OperatingPoint& point) {
    const double recall =
        static_cast<double>(point.true_positives) / anomalous_;
    roc_.add(static_cast<double>(point.false_positives) / normal_, recall);
    // The same points that average precision sums.
    if (point.true_positives > true_positives_)
      pr_.add(recall, precision(point));
    true_positives_ = point.true_positives;
  }

  double normal_, anomalous_;
  bool curves_;
  uint64_t true_positives_ = 0;
  Auroc auroc_;
  PrecisionRecall precision_recall_;
  F1Max f1_max_;
  CurveThinner roc_{1.0 / kCurveSteps, 1.0 / kCurveSteps, 0, 0};
  // Precision may jump, so only recall decides which points are kept.
  CurveThinner pr_{0.5 / kCurveSteps, 2, 0, 1};
};

}  // namespace alfa::metrics
