// All metrics are computed from operating points. At an operating point, all
// samples with score >= threshold count as anomalous. There is one point per
// distinct score, from the highest to the lowest, so ties share one point and
// scores are not binned.
#pragma once
#include <cstdint>

namespace alfa::metrics {

struct OperatingPoint {
  double threshold = 0;
  uint64_t false_positives = 0, true_positives = 0;
  // The sum over the ground-truth regions of the fraction of each region that
  // counts as anomalous.
  double overlap = 0;
};

// Neumaier's compensated sum: a category can have hundreds of millions of
// terms.
class Sum {
 public:
  void add(double term) {
    const double total = total_ + term;
    const bool larger =
        (total_ < 0 ? -total_ : total_) >= (term < 0 ? -term : term);
    lost_ += larger ? (total_ - total) + term : (term - total) + total_;
    total_ = total;
  }
  double value() const { return total_ + lost_; }

 private:
  double total_ = 0, lost_ = 0;
};

}  // namespace alfa::metrics
