#include "engine/score/explain.h"

#include <algorithm>

namespace alfa {
namespace {

constexpr int kMostRegions = 64;

const Pane* best_pane(const std::vector<Pane>& panes,
                      const kernels::Region& r) {
  const Pane* best = nullptr;
  double best_share = -1;
  for (const Pane& p : panes) {
    const double w = std::min<double>(r.left + r.width, p.right) -
                     std::max<double>(r.left, p.left);
    const double h = std::min<double>(r.top + r.height, p.bottom) -
                     std::max<double>(r.top, p.top);
    const double overlap = std::max(w, 0.0) * std::max(h, 0.0);
    const double share =
        overlap / (static_cast<double>(r.width) * r.height +
                   (p.right - p.left) * (p.bottom - p.top) - overlap);
    if (share > best_share) {
      best_share = share;
      best = &p;
    }
  }
  return best;
}

}  // namespace

std::vector<Pane> window_panes(const Features& f,
                               const std::vector<int>& scales,
                               const kernels::Box& shown) {
  const double width = static_cast<double>(shown.width) / f.grid(),
               height = static_cast<double>(shown.height) / f.grid();
  std::vector<Pane> panes;
  for (const int k : scales) {
    const float* window =
        f.embedding +
        static_cast<ptrdiff_t>(f.segments->first_window(k)) * f.embed_dim;
    for (int y = 0; y + k <= f.grid(); ++y)
      for (int x = 0; x + k <= f.grid(); ++x, window += f.embed_dim)
        panes.push_back({shown.left + x * width, shown.top + y * height,
                         shown.left + (x + k) * width,
                         shown.top + (y + k) * height, window});
  }
  if (panes.empty())
    panes.push_back({1.0 * shown.left, 1.0 * shown.top,
                     1.0 * shown.left + shown.width,
                     1.0 * shown.top + shown.height, f.embedding});
  return panes;
}

std::vector<RegionReasons> explain_regions(const Detection& d,
                                           const Category& category,
                                           const std::vector<Pane>& panes,
                                           float threshold) {
  std::vector<RegionReasons> all;
  for (const auto& region : kernels::find_regions(
           d.map.data(), d.map_width, d.map_height, threshold, kMostRegions)) {
    RegionReasons reasons{region, {}};
    const size_t E = d.embedding.size();
    const Pane* pane = best_pane(panes, region);
    for (size_t at = 0; pane && at < category.descriptors.size(); at += E) {
      float similarity = 0;
      for (size_t e = 0; e < E; ++e)
        similarity += pane->embedding[e] * category.descriptors[at + e];
      reasons.similarity.push_back(similarity);
    }
    all.push_back(std::move(reasons));
  }
  return all;
}

}  // namespace alfa
