// Views that share a forward: up to a batch of squares in, their features out.
#pragma once
#include <map>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/forward.h"
#include "engine/features/features.h"
#include "engine/views.h"

namespace alfa {

class Batch {
 public:
  // `masked`: windows are the whole view with all else black (mask 'zero'),
  // about 30 times the work.
  Batch(Forward& forward, Demand demand, Mask mask);

  // A view: the picture by `fit`, or a part of it squashed. Returns its index.
  size_t add(const Picture& picture, Fit fit);
  size_t add(const Picture& picture, const kernels::Box& part);
  size_t add(const std::vector<uint8_t>& square);  // RGB [S, S, 3]
  // A unit row [E] whose relevance is wanted for that view; returns its index.
  size_t target(size_t view, const std::vector<float>& row);

  void run(RunControl* control);

  size_t size() const { return views_; }
  // After run. Of a GPU, features are copied to the host when they are first
  // asked for; borrowed from this either way.
  Features features(size_t view);
  Features windows(size_t view);                // the embeddings alone
  const float* relevance(size_t target) const;  // [R]
  // What the GPU makes of views [first, first + count) by itself; empty where
  // the host is to score their features.
  std::vector<Detection> score(size_t first, size_t count,
                               const Category& category);

  double forward_ms() const;  // of all views together; on a GPU known once
                              // answers or features have been asked for
  double resize_ms() const;   // what the GPU did of it; 0 on the CPU, where
                              // add() takes the time

 private:
  void run_masked(const Segments& layout, RunControl* control);
  Features frame() const;  // all but what a forward brings
  size_t floats() const;   // of a view's patches

  Forward* forward_;
  Demand demand_;
  Mask mask_;
  size_t views_ = 0;
  std::vector<float> patches_;  // [views * R, 3*patch*patch]
  std::vector<std::pair<size_t, const std::vector<float>*>> targets_;
  Segments layout_;  // of every view; empty where the device has it
  ImageFeatures out_;
  std::unique_ptr<GpuBatch> gpu_;  // where the views stay on the device
  bool fetched_ = false;           // out_ holds what the device does
  std::vector<std::vector<float>>
      window_embeddings_;  // of views of the device, where asked for alone
  double forward_ms_ = 0;
  std::vector<float> masked_embedding_, masked_value_,
      masked_raw_;  // as out_'s, where windows are masked
};

}  // namespace alfa
