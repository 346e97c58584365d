// The interface between the engine and the device that it runs on. An engine
// opens one backend, which it uses until it closes; nothing outside of
// engine/backend/ knows which one it is.
//
// One thread at a time may use a backend and its batches. Everything throws
// alfa::Error.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/architecture.h"
#include "engine.h"
#include "engine/features/feature_request.h"
#include "engine/features/features.h"
#include "engine/image.h"
#include "kernels/parallel_for.h"

namespace alfa {

class Runtime;

// Views that share one forward: add views, run, then read features or score.
class Batch {
 public:
  virtual ~Batch() = default;

  // Adds a view and returns its index: the whole image by `fit`, one part of it
  // squashed, or pixels [S, S, 3] that have the model's image size already. The
  // pixels are read before the call returns.
  virtual size_t add(const RgbImage& image, Fit fit) = 0;
  virtual size_t add(const RgbImage& image, const kernels::Box& part) = 0;
  virtual size_t add(const std::vector<uint8_t>& square) = 0;
  virtual size_t size() const = 0;

  // For each view and category whose map is the relevance of Category::target.
  // The category must outlive the batch.
  virtual void add_relevance_target(size_t view, const Category& category) = 0;

  // `control` may be null.
  virtual void run(RunControl* control) = 0;

  // After run(). Borrowed from the batch.
  virtual Features features(size_t view) = 0;
  // The same, but only the embeddings are guaranteed to be present.
  virtual Features window_embeddings(size_t view) = 0;

  // After run(). The results of views [first, first + count), without regions.
  // Maps are of the grid's size, or already of the model's image size if the
  // category asks for Resolution::kModel and no tiles. score_ms is filled in.
  virtual std::vector<Detection> score(
      size_t first, size_t count,
      const std::shared_ptr<const Category>& category) = 0;

  struct Timings {
    double resize_ms = 0;   // as far as add() did not do that work
    double forward_ms = 0;  // of all views together
  };
  // After features() or score().
  virtual Timings timings() const = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string device_name() const = 0;
  // Bytes of the device's memory that the backend holds, without those of ONNX
  // Runtime's sessions; 0 on the CPU.
  virtual size_t device_bytes() const = 0;

  // How many views should share one forward.
  virtual size_t views_per_forward(const FeatureRequest& request) const = 0;

  // What must run once so that no later detection prepares anything: batches of
  // each size up to `largest_batch`, each `repetitions` times.
  struct WarmUp {
    size_t largest_batch;
    int repetitions;
  };
  virtual WarmUp warm_up() const = 0;

  // An empty batch. Only one batch may be in use at a time.
  virtual std::unique_ptr<Batch> new_batch(const FeatureRequest& request,
                                           Mask mask) = 0;
};

struct BackendOptions {
  std::string device;                      // "cpu" | "cuda" | "cuda:N"
  Precision precision = Precision::kFp32;  // not kAuto
  int threads = 1;
  size_t max_batch = 1;
  size_t gpu_memory = 0;  // as OpenOptions::gpu_memory
  std::string log_id;     // of a LogTap
};

// What a backend uses of its engine. All of it must outlive the backend.
struct BackendContext {
  Runtime& runtime;
  const Architecture& architecture;
  const kernels::ParallelFor& parallel_for;
};

// Opens ONNX Runtime as the device needs it.
Runtime& open_runtime(const OpenOptions& options);

// The precision of the image tower: the one that the options name, or the
// device's best. Throws Error(kUnsupported) if the device does not have it.
Precision choose_precision(const OpenOptions& options,
                           const Architecture& architecture);

// Throws Error(kDevice) if the device is not available.
std::unique_ptr<Backend> open_backend(const BackendContext& context,
                                      const BackendOptions& options);

}  // namespace alfa
