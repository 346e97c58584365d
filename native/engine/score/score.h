// From a view's features to a score and a map (method sec. 4-8): one category's
// chain, each step a kernel.
#pragma once
#include "engine/features/features.h"
#include "kernels/parallel_for.h"

namespace alfa {

// `relevance`: [R] of the view's whole-image segment to the category's target;
// null unless its map is made of that. Fills everything but the regions and the
// timings; the map stays at grid resolution.
Detection score_view(const Features& features, const Category& category,
                     const float* relevance,
                     const kernels::ParallelFor& parallel_for);

}  // namespace alfa
