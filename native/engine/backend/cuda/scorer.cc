#include "engine/backend/cuda/scorer.h"

#include "kernels/aligner/aligner_cuda.h"
#include "kernels/harmonic_map/harmonic_map_cuda.h"

namespace alfa {
namespace {

// Whether the kernels can align all windows of the category.
bool windows_fit(const Settings& s, const VisionTower& vision) {
  if (s.aligner == Aligner::kOff) return true;
  const int prefix = s.class_row ? vision.prefix : 0;
  for (const int scale : s.scales)
    if (scale * scale + prefix > kernels::CudaWindowScores::kMaxRows)
      return false;
  return true;
}

bool bank_fits(const Settings& s) {
  if (s.features.join || s.features.standardise) return false;
  const size_t window_levels = s.features.windows ? s.scales.size() : 0;
  return patch_level_count(s) + window_levels <=
         static_cast<size_t>(kernels::CudaBankMap::kMaxLevels);
}

}  // namespace

bool CudaScorer::supports(const Category& category) const {
  const Settings& s = category.settings;
  if (category.counts[0] == 0) return false;
  if (s.mask != Mask::kDrop || s.smoothing != 1) return false;
  if (s.map != MapSource::kWindows && s.map != MapSource::kNone) return false;
  if (s.image_score != ImageScore::kMean &&
      s.image_score != ImageScore::kGlobal)
    return false;
  // One scale less than the kernel can take, since include_global adds one.
  if (s.scales.size() >=
      static_cast<size_t>(kernels::CudaHarmonicMap::kMaxScales))
    return false;
  if (!windows_fit(s, tower_.vision())) return false;
  return !category.bank || bank_fits(s);
}

CudaScorer::CategoryPointer CudaScorer::on_device(
    const std::shared_ptr<const Category>& category) {
  const auto expired = [](const DeviceCategory& c) {
    return c.category.expired();
  };
  categories_.remove_if([&](const auto& c) { return expired(*c); });
  graphs_.remove_if([&](const auto& g) { return expired(g->category()); });
  const auto* known = categories_.find(
      [&](const auto& c) { return c->category.lock() == category; });
  return known ? *known : categories_.add(upload_category(tower_, category));
}

ScoringGraph& CudaScorer::graph(
    const CudaLayout& layout, size_t first, size_t count,
    const std::shared_ptr<const Category>& category) {
  const CategoryPointer uploaded = on_device(category);
  const auto* known = graphs_.find([&](const auto& graph) {
    return graph->is_for(*uploaded, layout, first, count);
  });
  if (known) return **known;
  return *graphs_.add(std::make_unique<ScoringGraph>(
      tower_, layout, first, count, *category, uploaded));
}

}  // namespace alfa
