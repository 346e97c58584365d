#include "checkpoint/to_float.h"

#include <bit>
#include <cstring>

#include "runtime/half.h"

namespace alfa {
namespace {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian");

float from_bfloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

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
  return dtype == DType::kF32 || dtype == DType::kF16 ||
         dtype == DType::kBF16 || dtype == DType::kF64;
}

void to_float(const Tensor& tensor, float* out) {
  switch (tensor.dtype) {
    case DType::kF32:
      memcpy(out, tensor.data, tensor.bytes);
      break;
    case DType::kF16:
      convert<uint16_t>(tensor, out, from_half);
      break;
    case DType::kBF16:
      convert<uint16_t>(tensor, out, from_bfloat);
      break;
    case DType::kF64:
      convert<double>(tensor, out,
                      [](double value) { return static_cast<float>(value); });
      break;
    default:
      break;
  }
}

}  // namespace alfa
