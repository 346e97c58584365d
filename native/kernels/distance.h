// The distance of a feature to its nearest neighbour (docs/method.md,
// "Reference images").
#pragma once
#include <algorithm>
#include <cmath>

namespace alfa::kernels {

// The distance d of two unit vectors with cosine similarity s:
enum class Distance {
  kCosine,     // (1 - s) / 2
  kEuclidean,  // sqrt((1 - s) / 2), half the Euclidean distance
};

// In [0, 1].
inline float distance_of(Distance distance, float similarity) {
  const float d = std::clamp((1 - similarity) / 2, 0.0f, 1.0f);
  return distance == Distance::kCosine ? d : std::sqrt(d);
}

}  // namespace alfa::kernels
