// Curves for a plot, thinned while they are made: a point is kept where it lies
// a step from the last one kept, and the last point always. Curves that rise in
// x and y from 0 to 1 keep no more than 1/step_x + 1/step_y + 2 points.
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
    if (pending_)
      x_ = x, y_ = y;
    else
      keep(x, y);
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
  double step_x_, step_y_, x_ = 0, y_ = 0;
  bool pending_ = false;
  Curve curve_;
};

}  // namespace alfa::metrics
