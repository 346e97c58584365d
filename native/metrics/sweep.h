// Merges two sorted classes into operating points, one per distinct score, from
// the highest score to the lowest.
#pragma once
#include <algorithm>
#include <span>

#include "metrics/operating_point.h"

namespace alfa::metrics {

// - normal, anomalous: in ascending order
// - key(entry): the key of an anomalous entry, comparable with a normal entry
// - overlap_of(entry): what an anomalous entry adds to the overlap
// - score(key): the threshold for users
// - visit(point): called for each operating point
template <typename Normal, typename Anomalous, typename KeyOf,
          typename OverlapOf, typename ScoreOf, typename Visit>
void sweep(std::span<const Normal> normal, std::span<const Anomalous> anomalous,
           KeyOf key, OverlapOf overlap_of, ScoreOf score, Visit visit) {
  size_t n = normal.size(), a = anomalous.size();  // not visited yet
  OperatingPoint point;
  Sum overlap;
  while (n > 0 || a > 0) {
    Normal next = n > 0 ? normal[n - 1] : key(anomalous[a - 1]);
    if (a > 0) next = std::max(next, Normal{key(anomalous[a - 1])});
    while (n > 0 && normal[n - 1] == next) --n;
    for (; a > 0 && key(anomalous[a - 1]) == next; --a)
      overlap.add(overlap_of(anomalous[a - 1]));
    point = {score(next), normal.size() - n, anomalous.size() - a,
             overlap.value()};
    visit(point);
  }
}

}  // namespace alfa::metrics
