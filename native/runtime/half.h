// fp16 on the host.
#pragma once
#include <bit>
#include <cstdint>

namespace alfa {

constexpr float kLargestHalf = 65504.0f;

// Rounds to nearest, ties to even. Numbers that round past kLargestHalf become
// infinite. A NaN stays a NaN.
inline uint16_t to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  // Rounds past 65504.
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  // Below 2^-14 the result is subnormal. The addition of 0.5 rounds it and
  // leaves it in the low bits.
  if (magnitude < 0x38800000u) {
    const float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign |
                                 (std::bit_cast<uint32_t>(sum) & 0x7ffu));
  }
  const uint32_t odd = magnitude >> 13 & 1;
  return static_cast<uint16_t>(
      sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
}

// Exact. It has no branches, so that a loop over it becomes vector code.
inline float from_half(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = bits >> 10 & 0x1F;
  const uint32_t mantissa = bits & 0x3FF;
  const uint32_t normal =
      (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | mantissa << 13;
  // Subnormal numbers and zero are mantissa * 2^-24.
  const uint32_t subnormal = std::bit_cast<uint32_t>(
      static_cast<float>(static_cast<int32_t>(mantissa)) * 0x1p-24f);
  return std::bit_cast<float>(sign | (exponent == 0 ? subnormal : normal));
}

}  // namespace alfa
