// How far a feature lies from its nearest neighbour, from their similarity s;
// both in [0, 1].
#pragma once
#include <algorithm>
#include <cmath>

namespace alfa::kernels {

enum class Distance {
  kCosine,
  kEuclidean
};  // (1 - s) / 2 | half the distance of the unit vectors, the root of that

inline float distance_of(Distance distance, float similarity) {
  const float d = std::clamp((1 - similarity) / 2, 0.0f, 1.0f);
  return distance == Distance::kCosine ? d : std::sqrt(d);
}

}  // namespace alfa::kernels
