// The metrics of any ranked samples, images or pixels, from one run over the
// operating points (method sec. 11).
#pragma once
#include <limits>

#include "metrics/auroc.h"
#include "metrics/curve.h"
#include "metrics/f1_max.h"
#include "metrics/precision_recall.h"

namespace alfa::metrics {

struct Metrics {
  double auroc = 0, average_precision = 0, aupr_trapezoid = 0, f1 = 0,
         threshold = 0;
  double pro = std::numeric_limits<double>::quiet_NaN();  // of pixels
  // Where asked for, at most about 1000 points each; else empty.
  Curve roc;        // false positive rate, true positive rate
  Curve pr;         // recall, precision
  Curve pro_curve;  // false positive rate up to the limit, mean overlap
};

constexpr int kCurveSteps =
    499;  // a curve rises from 0 to 1 in both directions: 2 * 499 + 2 points

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
    if (curves_) draw(point);
  }
  Metrics finish() {
    Metrics m;
    m.auroc = auroc_.value();
    m.average_precision = precision_recall_.average_precision();
    m.aupr_trapezoid = precision_recall_.trapezoidal();
    m.f1 = f1_max_.f1();
    m.threshold = f1_max_.threshold();
    if (curves_) m.roc = roc_.finish(), m.pr = pr_.finish();
    return m;
  }

 private:
  void draw(const OperatingPoint& point) {
    const double recall =
        static_cast<double>(point.true_positives) / anomalous_;
    roc_.add(static_cast<double>(point.false_positives) / normal_, recall);
    if (point.true_positives > found_)
      pr_.add(recall,
              precision(point));  // the points that average precision adds up
    found_ = point.true_positives;
  }

  double normal_, anomalous_;
  bool curves_;
  uint64_t found_ = 0;
  Auroc auroc_;
  PrecisionRecall precision_recall_;
  F1Max f1_max_;
  CurveThinner roc_{1.0 / kCurveSteps, 1.0 / kCurveSteps, 0, 0};
  CurveThinner pr_{
      0.5 / kCurveSteps, 2, 0,
      1};  // precision jumps as it likes: recall alone paces the points
};

}  // namespace alfa::metrics
