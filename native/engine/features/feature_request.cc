#include "engine/features/feature_request.h"

#include <algorithm>
#include <iterator>

namespace alfa {
namespace {

// `sorted` is ascending, and so is the result.
std::vector<int> merge(const std::vector<int>& sorted, std::vector<int> added) {
  std::sort(added.begin(), added.end());
  std::vector<int> merged;
  std::set_union(sorted.begin(), sorted.end(), added.begin(), added.end(),
                 std::back_inserter(merged));
  return merged;
}

}  // namespace

void FeatureRequest::add_bank(const Settings& s) {
  if (s.features.windows) scales = merge(scales, s.scales);
  outputs.layers = merge(outputs.layers, s.features.layers);
}

void FeatureRequest::add(const Category& category) {
  const Settings& s = category.settings;
  if (category.bank) add_bank(s);
  if (category.counts[0] == 0) return;
  if (s.map == MapSource::kWindows) scales = merge(scales, s.scales);
  const bool aligned = s.map == MapSource::kWindows &&
                       s.aligner != Aligner::kOff && !s.scales.empty();
  if (aligned || s.map == MapSource::kValues) {
    if (s.values == Values::kRaw)
      outputs.raw_value = true;
    else
      outputs.value = true;
  }
  outputs.path |= s.map == MapSource::kPath;
  outputs.relevance |= s.map == MapSource::kRelevance;
}

}  // namespace alfa
