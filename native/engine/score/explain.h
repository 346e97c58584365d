// Which words fit a region of the map best (method sec. 9).
#pragma once
#include "engine/features/features.h"

namespace alfa {

struct Pane {  // a part of the map that has an embedding of its own: a window,
               // a tile
  double left, top, right, bottom;  // in the map's pixels
  const float* embedding;           // [E]
};

// The windows of a view that lies at `shown` in the map.
std::vector<Pane> window_panes(const Features& f,
                               const std::vector<int>& scales,
                               const kernels::Box& shown);

// The connected parts of d.map above the threshold, each with its descriptors'
// similarities to the pane that covers it best: the largest overlap over union
// with the region's box.
std::vector<RegionReasons> explain_regions(const Detection& d,
                                           const Category& category,
                                           const std::vector<Pane>& panes,
                                           float threshold);

}  // namespace alfa
