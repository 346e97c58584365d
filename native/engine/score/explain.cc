#include "engine/score/explain.h"

#include <algorithm>

namespace alfa {
namespace {

constexpr int kMaxRegions = 64;

double intersection_over_union(const EmbeddedBox& b, const Region& r) {
  const double width = std::min<double>(r.left + r.width, b.right) -
                       std::max<double>(r.left, b.left);
  const double height = std::min<double>(r.top + r.height, b.bottom) -
                        std::max<double>(r.top, b.top);
  const double overlap = std::max(width, 0.0) * std::max(height, 0.0);
  return overlap / (static_cast<double>(r.width) * r.height +
                    (b.right - b.left) * (b.bottom - b.top) - overlap);
}

// Null without boxes.
const EmbeddedBox* best_box(const std::vector<EmbeddedBox>& boxes,
                            const Region& region) {
  const EmbeddedBox* best = nullptr;
  double best_iou = -1;
  for (const EmbeddedBox& box : boxes) {
    const double iou = intersection_over_union(box, region);
    if (iou > best_iou) {
      best_iou = iou;
      best = &box;
    }
  }
  return best;
}

// [descriptors]
std::vector<float> similarities(const float* embedding,
                                const std::vector<float>& descriptors,
                                size_t embed_dim) {
  std::vector<float> all;
  for (size_t at = 0; at < descriptors.size(); at += embed_dim) {
    float similarity = 0;
    for (size_t e = 0; e < embed_dim; ++e)
      similarity += embedding[e] * descriptors[at + e];
    all.push_back(similarity);
  }
  return all;
}

}  // namespace

EmbeddedBox box_of_view(const kernels::Box& view, const float* embedding) {
  return {1.0 * view.left, 1.0 * view.top, 1.0 * view.left + view.width,
          1.0 * view.top + view.height, embedding};
}

std::vector<EmbeddedBox> window_boxes(const Features& f,
                                      const kernels::Box& view) {
  const int grid = f.grid();
  const double patch_width = static_cast<double>(view.width) / grid;
  const double patch_height = static_cast<double>(view.height) / grid;
  std::vector<EmbeddedBox> boxes;
  for (const int scale : f.segments->scales) {
    const float* embedding = f.first_window(scale);
    for (int y = 0; y + scale <= grid; ++y) {
      for (int x = 0; x + scale <= grid; ++x) {
        boxes.push_back({view.left + x * patch_width,
                         view.top + y * patch_height,
                         view.left + (x + scale) * patch_width,
                         view.top + (y + scale) * patch_height, embedding});
        embedding += f.embed_dim;
      }
    }
  }
  if (boxes.empty()) boxes.push_back(box_of_view(view, f.embedding));
  return boxes;
}

std::vector<ExplainedRegion> explain_regions(
    const Detection& d, const Category& category,
    const std::vector<EmbeddedBox>& boxes, float threshold) {
  std::vector<ExplainedRegion> regions;
  for (const Region& region : kernels::find_regions(
           d.map.data(), d.map_width, d.map_height, threshold, kMaxRegions)) {
    const EmbeddedBox* box = best_box(boxes, region);
    regions.push_back({region, {}});
    if (box)
      regions.back().similarity = similarities(
          box->embedding, category.descriptors, d.embedding.size());
  }
  return regions;
}

void TileEmbeddings::resize(int tiles, int embed_dim) {
  embed_dim_ = static_cast<size_t>(embed_dim);
  tiles_.resize(static_cast<size_t>(tiles) * embed_dim_);
}

void TileEmbeddings::set_windows(const Features& f) {
  if (!windows_.empty()) return;
  segments_ = *f.segments;
  windows_.assign(
      f.embedding,
      f.embedding + static_cast<ptrdiff_t>(f.segments->count()) * f.embed_dim);
}

void TileEmbeddings::set_tile(int tile, const std::vector<float>& embedding) {
  std::copy_n(embedding.data(), embed_dim_,
              tiles_.data() + static_cast<size_t>(tile) * embed_dim_);
}

std::vector<EmbeddedBox> TileEmbeddings::boxes(const Tiling& tiling,
                                               const RgbImage& image,
                                               const Detection& d) const {
  Features f;
  f.embedding = windows_.data();
  f.segments = &segments_;
  f.embed_dim = static_cast<int>(embed_dim_);
  std::vector<EmbeddedBox> boxes =
      window_boxes(f, {0, 0, d.map_width, d.map_height});
  const double to_x = static_cast<double>(d.map_width) / image.width;
  const double to_y = static_cast<double>(d.map_height) / image.height;
  for (int t = 0; t < tiling.count(); ++t) {
    const kernels::Box b = tiling.box(t);
    boxes.push_back({b.left * to_x, b.top * to_y, (b.left + b.width) * to_x,
                     (b.top + b.height) * to_y,
                     tiles_.data() + static_cast<size_t>(t) * embed_dim_});
  }
  return boxes;
}

}  // namespace alfa
