// From the features of a view to its result (docs/method.md, steps 6 to 10),
// with the CPU kernels.
#pragma once
#include "engine.h"
#include "engine/features/features.h"
#include "kernels/parallel_for.h"

namespace alfa {

// `relevance`: [R], of the whole view to the category's target; may be null
// unless the map is made of it. Sets score_ms and everything but the regions
// and the other timings. The map has the grid's size.
Detection score_view(const Features& features, const Category& category,
                     const float* relevance,
                     const kernels::ParallelFor& parallel_for);

}  // namespace alfa
