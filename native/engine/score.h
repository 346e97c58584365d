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

// Fills everything but the timings; the map stays at grid resolution.
Detection score_image(const Features& features, const Category& category);

}  // namespace alfa
