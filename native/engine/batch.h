// Views that share a forward: up to a batch of squares in, their features out.
#pragma once
#include <map>

#include "engine/features.h"
#include "engine/forward.h"

namespace alfa {

class Batch {
 public:
  // `masked`: windows are the whole view with all else black (mask 'zero'), about 30 times the work.
  Batch(Forward& forward, Demand demand, Mask mask) : forward_(&forward), demand_(std::move(demand)), mask_(mask) {}

  // RGB [S, S, 3]; returns the view's index.
  size_t add(const std::vector<uint8_t>& square);
  // A unit row [E] whose relevance is wanted for that view; returns its index.
  size_t target(size_t view, const std::vector<float>& row);

  void run(RunControl* control);

  size_t size() const { return views_; }
  Features features(size_t view) const;                // after run; borrowed from this
  const float* relevance(size_t target) const;         // [R]

 private:
  void run_masked(const Segments& layout, RunControl* control);

  Forward* forward_;
  Demand demand_;
  Mask mask_;
  size_t views_ = 0;
  std::vector<float> patches_;  // [views * R, 3*patch*patch]
  std::vector<std::pair<size_t, const std::vector<float>*>> targets_;
  Segments layout_;             // of every view
  ImageFeatures out_;
  std::vector<float> masked_embedding_, masked_value_, masked_raw_;  // as out_'s, where windows are masked
};

}  // namespace alfa
