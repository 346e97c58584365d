// A batch whose pixels go to the device once, and whose results come back: no
// features pass through the host unless a category needs the CPU kernels.
#pragma once
#include <optional>
#include <vector>

#include "engine/backend/cuda/pipeline.h"

namespace alfa {

// Takes neither Mask::kZero nor relevance targets.
class CudaBatch : public Batch {
 public:
  CudaBatch(CudaPipeline& pipeline, const kernels::ParallelFor& parallel_for,
            FeatureRequest request);

  size_t add(const RgbImage& image, Fit fit) override;
  size_t add(const RgbImage& image, const kernels::Box& part) override;
  size_t add(const std::vector<uint8_t>& square) override;
  size_t size() const override { return views_.size(); }
  void add_relevance_target(size_t view, const Category& category) override;
  void run(RunControl* control) override;
  Features features(size_t view) override;
  Features window_embeddings(size_t view) override;
  std::vector<Detection> score(
      size_t first, size_t count,
      const std::shared_ptr<const Category>& category) override;
  Timings timings() const override;

 private:
  struct View {
    size_t offset;  // of its pixels in the staging memory
    int width, height;
    Fit fit;
  };
  size_t add(const uint8_t* rgb, int width, int height, size_t row_bytes,
             Fit fit);

  CudaPipeline& pipeline_;
  const kernels::ParallelFor& parallel_for_;
  FeatureRequest request_;
  std::vector<View> views_;
  CudaLayout* layout_ = nullptr;
  // The outputs of the forward, once they were copied to the host.
  std::optional<ForwardOutputs> outputs_;
  // [views], the embeddings of views that were copied without other outputs.
  std::vector<std::vector<float>> embeddings_;
};

}  // namespace alfa
