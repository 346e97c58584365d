#include "checkpoint/to_float.h"

#include <bit>
#include <cstring>

namespace alfa {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian, and so are we");

// Subnormals and zero: mantissa * 2^-24 is exact. Written without branches, so that compilers vectorise the loop.
float from_half(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = bits >> 10 & 0x1F, mantissa = bits & 0x3FF;
  const uint32_t normal = (exponent == 31 ? 0x7F800000u : (exponent + 112) << 23) | mantissa << 13;
  const uint32_t subnormal = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(mantissa)) * 0x1p-24f);
  return std::bit_cast<float>(sign | (exponent == 0 ? subnormal : normal));
}

float from_bfloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

template <class Stored, class Convert>
void convert(const Tensor& tensor, float* out, Convert one) {
  const size_t count = tensor.bytes / sizeof(Stored);
  for (size_t i = 0; i < count; ++i) {
    Stored stored;
    memcpy(&stored, tensor.data + i * sizeof(Stored), sizeof(Stored));
    out[i] = one(stored);
  }
}

}  // namespace

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kF64;
}

void to_float(const Tensor& tensor, float* out) {
  switch (tensor.dtype) {
    case DType::kF32: memcpy(out, tensor.data, tensor.bytes); break;
    case DType::kF16: convert<uint16_t>(tensor, out, from_half); break;
    case DType::kBF16: convert<uint16_t>(tensor, out, from_bfloat); break;
    case DType::kF64: convert<double>(tensor, out, [](double value) { return static_cast<float>(value); }); break;
    default: break;
  }
}

}  // namespace alfa
