// Mean filter on the patch grid. AnoVL uses a 3 x 3 filter (docs/method.md,
// "Recipes").
#pragma once

namespace alfa::kernels {

// in [grid * grid] -> out [grid * grid], which must not overlap. Each value
// becomes the mean over the side x side square of patches around it, as far as
// the square lies in the grid. Throws Error(kRange) unless side is odd.
void smooth(const float* in, int grid, int side, float* out);

}  // namespace alfa::kernels
