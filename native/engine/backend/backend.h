// What an engine does on a GPU, behind one door: a build without CUDA has
// gpu_absent.cc, whose open_gpu says so. One thread at a time, as the engine.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/cpu/forward.h"
#include "engine/features/features.h"

namespace alfa {

// Views that share a forward, from pixels to answers without a way back to the
// host before the last.
class GpuBatch {
 public:
  virtual ~GpuBatch() = default;

  // A view: RGB pixels, row y at rgb + y * row_bytes, brought to the model's
  // square by `fit`. Copied before it returns.
  virtual void add(const uint8_t* rgb, int width, int height, size_t row_bytes,
                   Fit fit) = 0;
  virtual void run(RunControl* control) = 0;  // launches; waits for nothing

  // Score, map (at grid resolution, or the model's where the category wants
  // that), prompts and embedding of views [first, first + count). Empty where
  // the category asks for what only the host computes: then features() serve.
  virtual std::vector<Detection> score(size_t first, size_t count,
                                       const Category& category) = 0;

  virtual const Segments& segments() const = 0;  // of every view, after run
  virtual ImageFeatures features() = 0;  // all outputs, copied to the host
  virtual std::vector<float> embeddings(
      size_t view) = 0;  // [1 + windows, E] of one view

  virtual double resize_ms() const = 0,
                             forward_ms()
                                 const = 0;  // of the device, for all views,
                                             // once something was waited for
};

class GpuEngine {
 public:
  virtual ~GpuEngine() = default;
  virtual const std::string& device_name() const = 0;
  virtual size_t held() const = 0;  // bytes of the device, beside those of ONNX
                                    // Runtime's sessions

  virtual std::unique_ptr<GpuBatch> batch(const Demand& demand) = 0;
  // The forward alone, host to host, as Forward::image.
  virtual ImageFeatures image(std::span<const float> patches,
                              const Segments& segments,
                              const ImageOutputs& outputs,
                              const Targets& targets, RunControl* control) = 0;
};

struct GpuOptions {
  std::string device;
  bool half;         // fp16, else fp32
  size_t max_batch;  // views of a batch, at most
  size_t memory;     // bytes for a session; 0: all there is
  std::string log_id;
};
// The architecture must have an image tower and outlive it. Error(kDevice) |
// kRuntime | kMemory.
std::unique_ptr<GpuEngine> open_gpu(Runtime& runtime,
                                    const Architecture& architecture,
                                    const GpuOptions& options);

}  // namespace alfa
