#include "engine/backend/cpu/cpu_backend.h"

#include <algorithm>
#include <optional>

#include "engine/backend/cpu/tower.h"
#include "engine/backend/host_batch.h"

namespace alfa {
namespace {

// Enough rows to keep the matmuls busy. With more rows, the activations no
// longer fit into the caches, which is a tenth slower (bench/RESULTS.md).
constexpr int64_t kRowsPerForward = 4096;

class CpuBackend : public Backend {
 public:
  CpuBackend(const BackendContext& context, const BackendOptions& options)
      : context_(context), max_batch_(options.max_batch) {
    if (context.architecture.vision) tower_.emplace(context, options);
  }

  std::string device_name() const override { return "CPU"; }
  size_t device_bytes() const override { return 0; }

  size_t views_per_forward(const FeatureRequest& request) const override {
    const VisionTower& vision = *context_.architecture.vision;
    const int64_t rows = rows_of(vision.grid, vision.prefix, request.scales);
    return std::clamp<size_t>(static_cast<size_t>(kRowsPerForward / rows), 1,
                              max_batch_);
  }

  WarmUp warm_up() const override { return {1, 1}; }

  std::unique_ptr<Batch> new_batch(const FeatureRequest& request,
                                   Mask mask) override {
    return std::make_unique<HostBatch>(context_, *tower_, request, mask);
  }

 private:
  BackendContext context_;
  size_t max_batch_;
  std::optional<CpuTower> tower_;
};

}  // namespace

std::unique_ptr<Backend> open_cpu_backend(const BackendContext& context,
                                          const BackendOptions& options) {
  return std::make_unique<CpuBackend>(context, options);
}

}  // namespace alfa
