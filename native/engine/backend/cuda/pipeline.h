// What an engine keeps on one CUDA device. All batches use it, one at a time.
#pragma once
#include <memory>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/resizer.h"
#include "engine/backend/cuda/scorer.h"
#include "engine/backend/cuda/staging.h"
#include "engine/backend/cuda/tower.h"

namespace alfa {

// The events of CudaPipeline::timer.
enum TimerEvent {
  kResizeBegin,
  kForwardBegin,
  kForwardEnd,
  kScoreBegin,
  kScoreEnd
};

struct CudaPipeline {
  CudaPipeline(const BackendContext& context, const BackendOptions& options);
  ~CudaPipeline();

  std::unique_ptr<CudaDevice> device;
  CudaProvider provider;
  CudaTimer timer;
  CudaTower tower;
  CudaScorer scorer;
  CudaResizer resizer;
  PixelStaging staging;
};

}  // namespace alfa
