// A batch that works in host memory: it resizes and packs the views, runs the
// forward, and scores the features with the CPU kernels. The CPU backend uses
// no other batch; the CUDA backend uses it for what its own batch cannot do.
#pragma once
#include <utility>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/image_forward.h"

namespace alfa {

class HostBatch : public Batch {
 public:
  HostBatch(const BackendContext& context, ImageForward& tower,
            FeatureRequest request, Mask mask);

  size_t add(const RgbImage& image, Fit fit) override;
  size_t add(const RgbImage& image, const kernels::Box& part) override;
  size_t add(const std::vector<uint8_t>& square) override;
  size_t size() const override { return views_; }
  void add_relevance_target(size_t view, const Category& category) override;
  void run(RunControl* control) override;
  Features features(size_t view) override;
  Features window_embeddings(size_t view) override { return features(view); }
  std::vector<Detection> score(
      size_t first, size_t count,
      const std::shared_ptr<const Category>& category) override;
  Timings timings() const override { return timings_; }

 private:
  struct Target {
    size_t view;
    const Category* category;
  };
  const float* relevance(size_t view, const Category& category) const;

  const Architecture& architecture_;
  const VisionTower& vision_;
  const kernels::ParallelFor& parallel_for_;
  ImageForward& tower_;
  FeatureRequest request_;
  Mask mask_;
  Segments segments_;  // of one view
  size_t views_ = 0;
  std::vector<float> patches_;  // [views * R, 3*patch*patch]
  std::vector<Target> targets_;
  ForwardOutputs outputs_;
  Timings timings_;
};

}  // namespace alfa
