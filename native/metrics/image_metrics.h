// Image AUROC, average precision, trapezoidal AUPR and F1-max, over all
// distinct scores without binning (docs/method.md, step 12).
#pragma once
#include <cstddef>
#include <cstdint>

#include "metrics/ranking_metrics.h"

namespace alfa::metrics {

// labels [n]: 0 is normal, everything else anomalous. scores [n]: float or
// double. Error(kRange) if there are no normal or no anomalous samples, or if a
// score is not finite.
template <typename Score>
Metrics image_metrics(const uint8_t* labels, const Score* scores, size_t n,
                      bool curves = false);

}  // namespace alfa::metrics
