// Percentiles of measurements.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

namespace alfa::bench {

// Nearest ranks: each is one of the measured values.
struct Percentiles {
  double p50 = 0, p90 = 0, p99 = 0;
  int count = 0;
};

inline Percentiles percentiles_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double fraction) {
    return values.empty()
               ? 0
               : values[static_cast<size_t>(std::max(
                     0.0,
                     std::ceil(fraction * static_cast<double>(values.size())) -
                         1))];
  };
  return {at(0.5), at(0.9), at(0.99), static_cast<int>(values.size())};
}

}  // namespace alfa::bench
