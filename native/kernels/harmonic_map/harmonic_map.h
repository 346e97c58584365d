// Window scores to a map on the patch grid (docs/method.md, step 10). The
// windows of scale k are all k x k squares of patches at stride 1, row-major:
// (grid - k + 1)^2 windows.
//   M_k(p) = n_p / sum of 1 / S_L(w) over the n_p windows w that contain p
//   M(p) = number of scales / sum of 1 / M_k(p) over the scales k
#pragma once

namespace alfa::kernels {

// M_k: scores [(grid - k + 1)^2] in [0, 1] -> map [grid * grid]. A window with
// score 0 makes its patches 0. Throws Error(kRange) unless 1 <= k <= grid.
void scale_map(const float* scores, int grid, int k, float* map);

// M: n maps of [count] each -> out [count], their harmonic mean; 0 where any of
// them is 0. Throws Error(kRange) where n is below 1.
void harmonic_mean(const float* const* maps, int n, int count, float* out);

}  // namespace alfa::kernels
