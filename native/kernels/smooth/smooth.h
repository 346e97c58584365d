// Mean filter of a patch grid (AnoVL's 3 x 3).
#pragma once

namespace alfa::kernels {

// in [grid*grid] -> out [grid*grid]: the mean over the side x side patches
// around (odd side), of those that exist.
void smooth(const float* in, int grid, int side, float* out);

}  // namespace alfa::kernels
