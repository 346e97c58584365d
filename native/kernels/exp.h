// e^x as plain arithmetic. A loop over it becomes vector code, which a loop
// over std::exp does not.
#pragma once
#include <bit>
#include <cstdint>

#include "kernels/multiversion.h"

namespace alfa::kernels {

// e^x for x <= 0, with an error of at most 2 ulp. Below -87 it returns e^-87,
// which is less than 1e-37 from the true value.
//
// e^x = 2^n * e^r, where n = round(x / ln 2) and |r| <= ln(2) / 2.
ALFA_INLINE float exp_nonpositive(float x) {
  x = x < -87.0f ? -87.0f : x;
  // 1.5 * 2^23. Adding it rounds to an integer and leaves that integer in the
  // low bits of the mantissa.
  constexpr float kRound = 12582912.0f;
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  // ln 2 as a sum of two floats: n times the first one is exact.
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  // e^r: the Taylor polynomial of degree 6.
  float p = 1.388888889e-3f;
  p = p * r + 8.333333333e-3f;
  p = p * r + 4.166666667e-2f;
  p = p * r + 1.666666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // Multiply by 2^n: add n to the exponent bits.
  return std::bit_cast<float>((std::bit_cast<int32_t>(shifted) << 23) +
                              std::bit_cast<int32_t>(p));
}

}  // namespace alfa::kernels
