// From a batch's features to answers on the GPU (method sec. 4-8): contextual
// score, aligned windows, harmonic map, bank, upsampling, one kernel or two
// each, recorded as one CUDA graph whose last node copies the answers to the
// host.
#pragma once
#include <memory>
#include <vector>

#include "engine.h"
#include "engine/backend/cuda/lru_cache.h"
#include "engine/backend/cuda/tower.h"

namespace alfa {

class GpuScorer {
 public:
  // clock: marks 3 and 4, begin and end of scoring.
  GpuScorer(GpuTower& tower, GpuClock& clock, size_t max_batch)
      : tower_(tower), clock_(clock), chains_(64 + 4 * max_batch) {}

  // Whether the category is scored here; the others' scoring is the host's.
  bool takes(const Category& category) const;
  // Images [first, first + count) of the batch that the layout holds. Waits for
  // the stream.
  std::vector<Detection> score(GpuLayout& layout, size_t first, size_t count,
                               const Category& category);

 private:
  struct Resident;  // what of a category stays on the device
  struct Chain;     // one category's launches over one place in one layout
  const std::shared_ptr<Resident>& resident(const Category& category);
  Chain& chain(GpuLayout& layout, size_t first, size_t count,
               const Category& category);
  void launch(Chain& chain);
  void launch_bank(Chain& chain);

  GpuTower& tower_;
  GpuClock& clock_;
  Recent<std::shared_ptr<Resident>> residents_{64};
  Recent<std::shared_ptr<Chain>>
      chains_;  // of a few categories, one for each batch size
};

}  // namespace alfa
