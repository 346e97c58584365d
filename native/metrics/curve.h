// Curves for plots, with fewer points. A point is kept if it is at least a step
// away from the last kept point; the last point is always kept. A curve that
// rises from 0 to 1 in x and y keeps at most 1/step_x + 1/step_y + 2 points.
#pragma once
#include <cmath>
#include <utility>
#include <vector>

namespace alfa::metrics {

struct Curve {
  std::vector<double> x, y;
};

class CurveThinner {
 public:
  CurveThinner(double step_x, double step_y, double x, double y)
      : step_x_(step_x), step_y_(step_y) {
    keep(x, y);
  }

  void add(double x, double y) {
    pending_ = std::abs(x - curve_.x.back()) < step_x_ &&
               std::abs(y - curve_.y.back()) < step_y_;
    if (pending_) {
      x_ = x;
      y_ = y;
    } else {
      keep(x, y);
    }
  }
  Curve finish() {
    if (pending_) keep(x_, y_);
    return std::move(curve_);
  }

 private:
  void keep(double x, double y) {
    curve_.x.push_back(x);
    curve_.y.push_back(y);
    pending_ = false;
  }
  double step_x_, step_y_;
  double x_ = 0, y_ = 0;  // the last point, if it is pending
  bool pending_ = false;
  Curve curve_;
};

}  // namespace alfa::metrics
