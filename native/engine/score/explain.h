// The reasons of a region: which descriptors fit it best (docs/method.md, step
// 13).
#pragma once
#include <vector>

#include "engine/features/features.h"
#include "engine/image.h"

namespace alfa {

// A box of the map that has an embedding: a window or a tile.
struct EmbeddedBox {
  double left, top, right, bottom;  // in the map's pixels
  const float* embedding;           // [E]
};

// The whole of a view that fills the box `view` of the map.
EmbeddedBox box_of_view(const kernels::Box& view, const float* embedding);

// The windows of such a view. If it has none, the whole view.
std::vector<EmbeddedBox> window_boxes(const Features& windows,
                                      const kernels::Box& view);

// The regions of d.map above the threshold, each with its similarity to the
// category's descriptors. The embedding of a region is that of the box with the
// largest intersection over union with the region's box.
std::vector<ExplainedRegion> explain_regions(
    const Detection& d, const Category& category,
    const std::vector<EmbeddedBox>& boxes, float threshold);

// The embeddings of a tiled image: the windows of the whole image, and one of
// each tile.
class TileEmbeddings {
 public:
  void resize(int tiles, int embed_dim);
  // Keeps a copy. Later calls change nothing.
  void set_windows(const Features& windows);
  void set_tile(int tile, const std::vector<float>& embedding);

  // Borrowed from this.
  std::vector<EmbeddedBox> boxes(const Tiling& tiling, const RgbImage& image,
                                 const Detection& d) const;

 private:
  size_t embed_dim_ = 0;
  Segments segments_;           // of the whole image
  std::vector<float> windows_;  // [1 + windows, E]
  std::vector<float> tiles_;    // [tiles, E]
};

}  // namespace alfa
