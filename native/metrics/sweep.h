// Two sorted classes, merged from the highest score down into one operating
// point per distinct score.
#pragma once
#include <algorithm>
#include <span>

#include "metrics/operating_point.h"

namespace alfa::metrics {

// normal, anomalous: ascending; key(anomalous entry) is comparable with a
// normal entry; share(entry) is what it adds to the overlap; score(key) is the
// threshold that users see.
template <typename Normal, typename Anomalous, typename KeyOf, typename Share,
          typename ScoreOf, typename Visit>
void sweep(std::span<const Normal> normal, std::span<const Anomalous> anomalous,
           KeyOf key, Share share, ScoreOf score, Visit visit) {
  size_t n = normal.size(), a = anomalous.size();  // not seen yet
  OperatingPoint point;
  Sum overlap;
  while (n > 0 || a > 0) {
    const Normal next = a == 0 ? normal[n - 1]
                        : n == 0
                            ? key(anomalous[a - 1])
                            : std::max(normal[n - 1], key(anomalous[a - 1]));
    while (n > 0 && normal[n - 1] == next) --n;
    for (; a > 0 && key(anomalous[a - 1]) == next; --a)
      overlap.add(share(anomalous[a - 1]));
    point = {score(next), normal.size() - n, anomalous.size() - a,
             overlap.value()};
    visit(point);
  }
}

}  // namespace alfa::metrics
