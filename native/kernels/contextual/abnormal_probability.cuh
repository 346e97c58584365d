// The last step of every score (eq. 10, 11).
#pragma once
#include <cuda_runtime.h>

#include <cmath>

namespace alfa::kernels {

// Of the similarities to the two directions; at any temperature nothing
// overflows.
__device__ inline float abnormal_probability(double normal, double abnormal,
                                             float temperature) {
  const double logit = (abnormal - normal) / static_cast<double>(temperature),
               part = exp(-fabs(logit));
  return static_cast<float>((logit < 0 ? part : 1.0) / (1.0 + part));
}

}  // namespace alfa::kernels
