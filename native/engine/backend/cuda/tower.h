// The image tower on a GPU: sessions, and for each way of cutting images into
// windows the memory that their batches are bound to. A batch of n images uses
// the first n images' worth of it, so every batch size runs in the same place
// and each has one recorded CUDA graph.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "checkpoint/architecture.h"
#include "engine/backend/cpu/forward.h"
#include "kernels/cuda.h"
#include "runtime/cuda/gpu.h"
#include "runtime/session.h"

namespace alfa {

struct GpuLayout {
  std::vector<int> scales;
  ImageOutputs outputs;
  Segments one;         // of one image
  int id = 0;           // never used twice
  size_t capacity = 0;  // images
  kernels::Element element = kernels::Element::kHalf;

  GpuMemory one_rows, one_cu;  // of one image: [T], [S+1] int32
  GpuMemory patches;           // [capacity * R, 3*patch*patch]
  GpuMemory place, rows, spans, pool,
      pool_spans;                // graph/graph.h, of `capacity` images
  GpuMemory whole, whole_spans;  // where outputs.whole()
  GpuMemory embedding, value, raw_value,
      path;  // fp32 | element; those that outputs names
  std::vector<std::pair<int, GpuMemory>> hidden;  // [capacity * R, width]

  int segments() const { return one.count(); }
  int64_t packed() const { return static_cast<int64_t>(one.rows.size()); }

  Session* session = nullptr;
  std::map<size_t, std::unique_ptr<Binding>> bindings;  // per images of a batch
};

class GpuTower {
 public:
  GpuTower(Runtime& runtime, Gpu& gpu, const Architecture& architecture,
           bool half, size_t max_batch, SessionOptions options);
  ~GpuTower();

  // Made at its first use; one of the last few that were asked for.
  GpuLayout& layout(const std::vector<int>& scales, const ImageOutputs& outputs,
                    size_t images);

  void run(GpuLayout& layout, size_t images);
  // With `targets` on the host; their relevance [P, R] comes back. Waits.
  std::vector<float> run_relevance(GpuLayout& layout, size_t images,
                                   const Targets& targets);

  // What would make every part look normal: no score is above a threshold then.
  // Error(kModelCorrupt).
  void expect_finite(std::span<const float> values) const;

  const VisionTower& vision() const { return *architecture_.vision; }
  int embed_dim() const { return architecture_.embed_dim; }
  int image_rows() const {
    return vision().prefix + vision().grid * vision().grid;
  }
  bool half() const { return half_; }
  Gpu& gpu() { return gpu_; }

 private:
  Session& session(const ImageOutputs& outputs);
  std::unique_ptr<GpuLayout> make_layout(const std::vector<int>& scales,
                                         const ImageOutputs& outputs,
                                         size_t images);
  Binding bind(GpuLayout& layout, size_t images, int graph);

  Runtime& runtime_;
  Gpu& gpu_;
  const Architecture& architecture_;
  bool half_;
  size_t max_batch_;
  SessionOptions options_;
  struct Opened {
    ImageOutputs outputs;
    std::unique_ptr<Session> session;
  };
  std::vector<Opened> sessions_;
  std::vector<std::unique_ptr<GpuLayout>>
      layouts_;  // the latest last; gone before the sessions that they are
                 // bound to
  int next_graph_ = 1;
};

}  // namespace alfa
