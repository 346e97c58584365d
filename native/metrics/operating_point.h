// What every metric here is made of. Calling all samples with score >=
// threshold anomalous is an operating point; the metrics take one point per
// distinct score, from the highest down, so that ties are one point and nothing
// is binned.
#pragma once
#include <cstdint>

namespace alfa::metrics {

struct OperatingPoint {
  double threshold = 0;
  uint64_t false_positives = 0, true_positives = 0;
  double overlap = 0;  // sum over the ground-truth regions of the share of each
                       // that is called anomalous
};

// Compensated (Neumaier): a category's terms are hundreds of millions.
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
