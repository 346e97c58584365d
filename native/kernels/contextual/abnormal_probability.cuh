// The last step of every score: the softmax over the two labels (eq. 10, 11).
#pragma once
#include <cuda_runtime.h>

#include <cmath>

namespace alfa::kernels {

// normal, abnormal: the similarities to the two directions. It does not
// overflow at any temperature.
__device__ inline float abnormal_probability(double normal, double abnormal,
                                             float temperature) {
  const double logit = (abnormal - normal) / static_cast<double>(temperature);
  const double e = exp(-fabs(logit));
  return static_cast<float>((logit < 0 ? e : 1.0) / (1.0 + e));
}

}  // namespace alfa::kernels
