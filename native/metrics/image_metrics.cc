#include "metrics/image_metrics.h"

#include <cmath>
#include <string>
#include <vector>

#include "error.h"
#include "metrics/radix_sort.h"
#include "metrics/score_key.h"
#include "metrics/sweep.h"

namespace alfa::metrics {

template <typename Score>
Metrics image_metrics(const uint8_t* labels, const Score* scores, size_t n,
                      bool curves) {
  size_t positives = 0;
  for (size_t i = 0; i < n; ++i) positives += labels[i] != 0;
  if (positives == 0 || positives == n) {
    throw Error(Code::kRange,
                "Expected both normal and anomalous samples, but received " +
                    std::to_string(n - positives) + " normal and " +
                    std::to_string(positives) + " anomalous");
  }
  std::vector<Key<Score>> normal, anomalous;
  normal.reserve(n - positives);
  anomalous.reserve(positives);
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(scores[i])) {
      throw Error(Code::kRange, "Expected finite scores, but received " +
                                    std::to_string(scores[i]) + " at index " +
                                    std::to_string(i));
    }
    (labels[i] ? anomalous : normal).push_back(key_of(scores[i]));
  }
  radix_sort<Key<Score>>(normal, 1);
  radix_sort<Key<Score>>(anomalous, 1);

  RankingMetrics metrics(normal.size(), anomalous.size(), curves);
  sweep<Key<Score>, Key<Score>>(
      normal, anomalous, [](auto key) { return key; }, [](auto) { return 0.0; },
      score_of<Score>,
      [&](const OperatingPoint& point) { metrics.add(point); });
  return metrics.finish();
}

template Metrics image_metrics<float>(const uint8_t*, const float*, size_t,
                                      bool);
template Metrics image_metrics<double>(const uint8_t*, const double*, size_t,
                                       bool);

}  // namespace alfa::metrics
