// Scores batches on the device. Keeps categories and scoring graphs there.
#pragma once
#include <memory>
#include <vector>

#include "engine/backend/cuda/lru_cache.h"
#include "engine/backend/cuda/scoring_graph.h"

namespace alfa {

class CudaScorer {
 public:
  CudaScorer(CudaTower& tower, size_t max_batch)
      : tower_(tower), graphs_(64 + 4 * max_batch) {}

  // Whether the device can score the category. If not, the caller scores its
  // features with the CPU kernels.
  bool supports(const Category& category) const;

  // The graph that scores images [first, first + count) of the layout's batch.
  // Creates it at its first use. The category must be supported.
  ScoringGraph& graph(const CudaLayout& layout, size_t first, size_t count,
                      const std::shared_ptr<const Category>& category);

 private:
  using CategoryPointer = std::shared_ptr<DeviceCategory>;
  CategoryPointer on_device(const std::shared_ptr<const Category>& category);

  CudaTower& tower_;
  LruCache<CategoryPointer> categories_{64};
  // Room for a few categories with one graph for each batch size.
  LruCache<std::unique_ptr<ScoringGraph>> graphs_;
};

}  // namespace alfa
