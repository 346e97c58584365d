// Area under the ROC curve, exact over every distinct score, ties counted half (method sec. 11).
#pragma once
#include <cstddef>
#include <cstdint>

namespace alfa::metrics {

// labels [n], 0 normal, anything else anomalous; scores [n]. Throws Error(kRange) where a class is missing or a score is NaN.
template <typename Score>
double auroc(const uint8_t* labels, const Score* scores, size_t n);

}  // namespace alfa::metrics
