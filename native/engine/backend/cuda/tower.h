// The image tower on a CUDA device.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "checkpoint/architecture.h"
#include "engine/backend/image_forward.h"
#include "kernels/cuda.h"
#include "runtime/cuda/device.h"
#include "runtime/cuda/provider.h"
#include "runtime/session.h"

namespace alfa {

// The device memory of all batches with one set of windows and outputs. A batch
// of n images uses the first n images' share of each buffer. So a batch of each
// size has fixed addresses, and one recorded CUDA graph.
//   R: rows of an image     S: segments of an image     T: packed rows of one
struct CudaLayout {
  int id = 0;  // unique in its engine, also after the layout is gone
  std::vector<int> scales;
  ImageOutputs outputs;
  Segments segments;    // of one image
  size_t capacity = 0;  // images
  // Of every buffer whose type is not given below.
  kernels::Element element = kernels::Element::kHalf;

  // Segments of one image: [T] and [S+1], int32.
  DeviceBuffer rows_of_image, cu_seqlens_of_image;
  // Inputs of the graph for `capacity` images (graph/graph.h), int32.
  DeviceBuffer position_ids, rows, segment_bounds, pool_rows, pool_bounds,
      whole_image_rows, whole_image_bounds;
  DeviceBuffer patches;  // [capacity * R, 3*patch*patch]
  // Outputs of the graph; those that were not requested are empty.
  DeviceBuffer embedding;         // [capacity * S, E], fp32
  DeviceBuffer value, raw_value;  // [capacity * T, E]
  DeviceBuffer path;              // [capacity * R, E]
  // (layer, [capacity * R, width]) for each layer.
  std::vector<std::pair<int, DeviceBuffer>> hidden;

  int segment_count() const { return segments.count(); }
  int64_t packed_rows() const {
    return static_cast<int64_t>(segments.rows.size());
  }
  const DeviceBuffer& layer(int layer) const;

  Session* session = nullptr;
  // One for each number of images of a batch.
  std::map<size_t, std::unique_ptr<Binding>> bindings;
};

class CudaTower : public ImageForward {
 public:
  // The architecture must have an image tower and outlive this. `half`: fp16,
  // otherwise fp32. `options.provider` must be the provider of `device`.
  CudaTower(Runtime& runtime, CudaDevice& device,
            const Architecture& architecture, bool half, size_t max_batch,
            SessionOptions options);
  ~CudaTower() override;

  // Creates the layout at its first use. Keeps the most recently used ones.
  CudaLayout& layout(const std::vector<int>& scales,
                     const ImageOutputs& outputs, size_t images);

  // Launches the forward of the patches in the layout.
  void run(CudaLayout& layout, size_t images);

  // Copies all outputs of the first images to the host, as fp32. Waits for the
  // device.
  ForwardOutputs fetch(const CudaLayout& layout, size_t images);

  ForwardOutputs forward(std::span<const float> patches,
                         const Segments& segments, const ImageOutputs& outputs,
                         const RelevanceTargets& targets,
                         RunControl* control) override;

  // Throws Error(kModelCorrupt) if a number is not finite. With NaN, every
  // image would look normal, since no score is then above a threshold.
  void check_finite(std::span<const float> values) const;

  const VisionTower& vision() const { return *architecture_.vision; }
  int embed_dim() const { return architecture_.embed_dim; }
  int image_rows() const {
    return vision().prefix + vision().grid * vision().grid;
  }
  bool half() const { return half_; }
  CudaDevice& device() { return device_; }

 private:
  struct ImageSession {
    ImageOutputs outputs;
    std::unique_ptr<Session> session;
  };
  Session& session(const ImageOutputs& outputs);
  std::unique_ptr<CudaLayout> new_layout(const std::vector<int>& scales,
                                         const ImageOutputs& outputs,
                                         size_t images);
  Binding bind(CudaLayout& layout, size_t images, int recording);
  std::vector<float> run_relevance(CudaLayout& layout, size_t images,
                                   const RelevanceTargets& targets);
  std::vector<float> fetch(const DeviceBuffer& buffer, kernels::Element element,
                           size_t count);

  Runtime& runtime_;
  CudaDevice& device_;
  const Architecture& architecture_;
  bool half_;
  size_t max_batch_;
  SessionOptions options_;
  std::vector<ImageSession> sessions_;
  // The most recently used last. Destroyed before the sessions that their
  // bindings belong to.
  std::vector<std::unique_ptr<CudaLayout>> layouts_;
  DeviceBuffer converted_;  // scratch memory of fetch()
  int next_id_ = 1;
};

}  // namespace alfa
