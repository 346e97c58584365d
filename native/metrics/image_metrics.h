// Image AUROC, average precision, trapezoidal AUPR and F1-max, exact over every
// distinct score (method sec. 11).
#pragma once
#include <cstddef>
#include <cstdint>

#include "metrics/ranking_metrics.h"

namespace alfa::metrics {

// labels [n], 0 normal, anything else anomalous; scores [n], float or double.
// Throws Error(kRange) where a class is missing or a score is not finite.
template <typename Score>
Metrics image_metrics(const uint8_t* labels, const Score* scores, size_t n,
                      bool curves = false);

}  // namespace alfa::metrics
