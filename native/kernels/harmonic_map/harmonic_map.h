// Window scores to a patch grid (method sec. 7). Windows of scale k: all k x k
// positions at stride 1, row-major, (grid - k + 1)^2 of them.
//   M_k(p) = n_p / sum over windows w containing p of 1 / S_L(w)        M(p) =
//   n_scales / sum_k 1 / M_k(p)
#pragma once
#include <vector>

namespace alfa::kernels {

// scores [(grid-k+1)^2] in [0, 1] -> map [grid*grid]. A score of 0 makes its
// patches 0.
void scale_map(const float* scores, int grid, int k, float* map);

// maps: n pointers to [count] each -> out [count], the harmonic mean; 0 where
// any is 0.
void harmonic_mean(const float* const* maps, int n, int count, float* out);

}  // namespace alfa::kernels
