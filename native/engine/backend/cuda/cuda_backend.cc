#include "engine/backend/cuda/batch.h"
#include "engine/backend/cuda/devices.h"
#include "engine/backend/cuda/open.h"
#include "engine/backend/host_batch.h"

namespace alfa {
namespace {

class CudaBackend : public Backend {
 public:
  CudaBackend(const BackendContext& context, const BackendOptions& options)
      : context_(context),
        max_batch_(options.max_batch),
        pipeline_(context, options) {}

  std::string device_name() const override { return pipeline_.device->name(); }
  size_t device_bytes() const override {
    return pipeline_.device->allocated_bytes();
  }
  size_t views_per_forward(const FeatureRequest&) const override {
    return max_batch_;
  }

  // Each batch size has its own CUDA graphs. The first run of a size records
  // the forward, the second one the scoring.
  WarmUp warm_up() const override { return {max_batch_, 2}; }

  std::unique_ptr<Batch> new_batch(const FeatureRequest& request,
                                   Mask mask) override {
    pipeline_.device->make_current();
    // Masked windows and relevance have no path on the device from pixels to
    // results. They use the tower only.
    const bool masked = mask == Mask::kZero && !request.scales.empty();
    if (masked || request.outputs.relevance)
      return std::make_unique<HostBatch>(context_, pipeline_.tower, request,
                                         mask);
    return std::make_unique<CudaBatch>(pipeline_, context_.parallel_for,
                                       request);
  }

 private:
  BackendContext context_;
  size_t max_batch_;
  CudaPipeline pipeline_;
};

}  // namespace

CudaPipeline::CudaPipeline(const BackendContext& context,
                           const BackendOptions& options)
    : device(CudaDevice::open(options.device)),
      provider(*device, options.gpu_memory),
      tower(context.runtime, *device, context.architecture,
            options.precision == Precision::kFp16, options.max_batch,
            {.threads = 1, .log_id = options.log_id, .provider = &provider}),
      scorer(tower, options.max_batch),
      resizer(*device, tower.vision()),
      staging(*device) {}

CudaPipeline::~CudaPipeline() {
  device->make_current();
  device->wait();
}

CudaDevices cuda_devices() {
  CudaDevices devices;
  devices.names = CudaDevice::names(devices.unavailable_reason);
  return devices;
}

std::unique_ptr<Backend> open_cuda_backend(const BackendContext& context,
                                           const BackendOptions& options) {
  return std::make_unique<CudaBackend>(context, options);
}

}  // namespace alfa
