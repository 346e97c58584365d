// e^x for kernels, as plain arithmetic, so that loops over it become vector
// code.
#pragma once
#include <bit>
#include <cstdint>

#include "kernels/multiversion.h"

namespace alfa::kernels {

// e^x for x <= 0 to 2 ulp: 2^n times a degree-6 polynomial on [-ln2/2, ln2/2].
// Below -87 the true value is under 1e-37.
ALFA_INLINE float exp_nonpositive(float x) {
  x = x < -87.0f ? -87.0f : x;
  constexpr float kRound =
      12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the
                    // low mantissa bits
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.388888889e-3f;
  p = p * r + 8.333333333e-3f;
  p = p * r + 4.166666667e-2f;
  p = p * r + 1.666666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return std::bit_cast<float>((std::bit_cast<int32_t>(shifted) << 23) +
                              std::bit_cast<int32_t>(p));
}

}  // namespace alfa::kernels
