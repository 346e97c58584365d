// half and half2. Conversions round to nearest even. Arithmetic is done in
// float or double and rounded once: for +, -, * and / a device gives the same
// bits.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "cuda_emulator/vector_types.h"

namespace alfa::emulated {

constexpr uint16_t to_half_bits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return 0x7fff;  // NaN
  if (magnitude >= 0x477ff000u)
    return static_cast<uint16_t>(sign | 0x7c00u);  // 65520 and more: infinity
  if (magnitude >= 0x38800000u) {                  // 2^-14 and more: normal
    const uint32_t rounded =
        magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u);
    return static_cast<uint16_t>(sign | rounded >> 13);
  }
  if (magnitude <= 0x33000000u) return sign;  // 2^-25 and less: zero
  const uint32_t shift = 126 - (magnitude >> 23),
                 mantissa =
                     (magnitude & 0x7fffffu) | 0x800000u;  // to units of 2^-24
  const uint32_t half = 1u << (shift - 1),
                 below = mantissa & ((1u << shift) - 1);
  uint32_t result = mantissa >> shift;
  if (below > half || (below == half && (result & 1u))) ++result;
  return static_cast<uint16_t>(sign | result);
}

constexpr float from_half_bits(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu,
                 mantissa = bits & 0x3ffu;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent)
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

}  // namespace alfa::emulated

struct __half {
  uint16_t bits;
  __half() = default;
  constexpr __half(float v) : bits(alfa::emulated::to_half_bits(v)) {}
  template <typename T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, float>)
  constexpr __half(T v)
      : bits(alfa::emulated::to_half_bits(static_cast<float>(v))) {}
  constexpr operator float() const {
    return alfa::emulated::from_half_bits(bits);
  }
};
using half = __half;

struct __attribute__((aligned(4))) __half2 {
  __half x, y;
  __half2() = default;
  constexpr __half2(__half a, __half b) : x(a), y(b) {}
};
using half2 = __half2;

constexpr __half __float2half(float v) { return v; }
constexpr __half __float2half_rn(float v) { return v; }
constexpr float __half2float(__half v) { return v; }
// Rounds to odd first, so that the second rounding does not see a false tie.
inline __half __double2half(double v) {
  float f = static_cast<float>(v);
  const double d = f;
  if (d != v && v == v) {
    if (std::fabs(d) > std::fabs(v)) f = std::nextafter(f, 0.0f);
    f = std::bit_cast<float>(std::bit_cast<uint32_t>(f) | 1u);
  }
  return f;
}
constexpr __half __int2half_rn(int v) { return static_cast<float>(v); }
inline int __half2int_rn(__half v) {
  return static_cast<int>(std::nearbyint(float(v)));
}
constexpr unsigned short __half_as_ushort(__half v) { return v.bits; }
constexpr short __half_as_short(__half v) { return static_cast<short>(v.bits); }
inline __half __ushort_as_half(unsigned short v) {
  return std::bit_cast<__half>(v);
}
inline __half __short_as_half(short v) { return std::bit_cast<__half>(v); }

constexpr __half2 __halves2half2(__half a, __half b) { return {a, b}; }
constexpr __half2 make_half2(__half a, __half b) { return {a, b}; }
constexpr __half2 __half2half2(__half a) { return {a, a}; }
constexpr __half2 __floats2half2_rn(float a, float b) { return {a, b}; }
constexpr __half2 __float2half2_rn(float a) { return {a, a}; }
constexpr __half2 __float22half2_rn(float2 a) { return {a.x, a.y}; }
constexpr float2 __half22float2(__half2 a) { return {a.x, a.y}; }
constexpr __half __low2half(__half2 a) { return a.x; }
constexpr __half __high2half(__half2 a) { return a.y; }
constexpr float __low2float(__half2 a) { return a.x; }
constexpr float __high2float(__half2 a) { return a.y; }
constexpr __half2 __low2half2(__half2 a) { return {a.x, a.x}; }
constexpr __half2 __high2half2(__half2 a) { return {a.y, a.y}; }
constexpr __half2 __lows2half2(__half2 a, __half2 b) { return {a.x, b.x}; }
constexpr __half2 __highs2half2(__half2 a, __half2 b) { return {a.y, b.y}; }
constexpr __half2 __lowhigh2highlow(__half2 a) { return {a.y, a.x}; }

#define ALFA_HALF(op, name)                                          \
  constexpr __half operator op(__half a, __half b) {                 \
    return float(a) op float(b);                                     \
  }                                                                  \
  constexpr __half name(__half a, __half b) { return a op b; }       \
  constexpr __half& operator op## = (__half & a, __half b) {         \
    return a = a op b;                                               \
  }                                                                  \
  constexpr __half2 operator op(__half2 a, __half2 b) {              \
    return {a.x op b.x, a.y op b.y};                                 \
  }                                                                  \
  constexpr __half2 name##2(__half2 a, __half2 b) { return a op b; } \
  constexpr __half2& operator op## = (__half2 & a, __half2 b) {      \
    return a = a op b;                                               \
  }
ALFA_HALF(+, __hadd)
ALFA_HALF(-, __hsub)
ALFA_HALF(*, __hmul)
#undef ALFA_HALF
constexpr __half operator/(__half a, __half b) { return float(a) / float(b); }
constexpr __half __hdiv(__half a, __half b) { return a / b; }
constexpr __half operator-(__half a) { return -float(a); }
constexpr __half __hneg(__half a) { return -float(a); }
inline __half __habs(__half a) { return std::fabs(float(a)); }
constexpr __half2 __hneg2(__half2 a) { return {-a.x, -a.y}; }
inline __half2 __habs2(__half2 a) { return {__habs(a.x), __habs(a.y)}; }

#define ALFA_HALF(op, name)                        \
  constexpr bool operator op(__half a, __half b) { \
    return float(a) op float(b);                   \
  }                                                \
  constexpr bool name(__half a, __half b) { return float(a) op float(b); }
ALFA_HALF(==, __heq)
ALFA_HALF(!=, __hne)
ALFA_HALF(<, __hlt)
ALFA_HALF(<=, __hle)
ALFA_HALF(>, __hgt)
ALFA_HALF(>=, __hge)
#undef ALFA_HALF
constexpr bool __hisnan(__half a) { return (a.bits & 0x7fffu) > 0x7c00u; }

inline __half __hfma(__half a, __half b, __half c) {
  return __double2half(
      std::fma(double(float(a)), double(float(b)), double(float(c))));
}
inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
  return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};
}
inline __half __hmax(__half a, __half b) {
  return std::fmax(float(a), float(b));
}
inline __half __hmin(__half a, __half b) {
  return std::fmin(float(a), float(b));
}
inline __half2 __hmax2(__half2 a, __half2 b) {
  return {__hmax(a.x, b.x), __hmax(a.y, b.y)};
}
inline __half2 __hmin2(__half2 a, __half2 b) {
  return {__hmin(a.x, b.x), __hmin(a.y, b.y)};
}
