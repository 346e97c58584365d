// From features to a score and a map (method sec. 4-7): one image's chain, each step a kernel.
#pragma once
#include "engine.h"
#include "engine/packing.h"

namespace alfa {

struct Features {          // of one image
  const float* embedding;  // [1 + windows, E], the whole image first
  const float* value;      // [T, E] over the image's packed rows; null without aligner
  const Segments* segments;
  int grid, embed_dim;
};

// Fills everything but the regions and the timings; the map stays at grid resolution.
Detection score_image(const Features& features, const Category& category);

// The connected parts of d.map above the threshold, each with its descriptors' similarities to the window that covers
// it best: the largest overlap over union with the region's box (method sec. 9).
// `shown`: where the patch grid lies in the map.
std::vector<RegionReasons> explain_regions(const Features& features, const Category& category, const Detection& d,
                                           const kernels::Box& shown, float threshold);

}  // namespace alfa
