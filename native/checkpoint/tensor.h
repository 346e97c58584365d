// A named array of a weights file. It points into the mapped file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace alfa {

enum class DType { kF32, kF16, kBF16, kF64, kI64, kI32, kU8, kOther };

struct Tensor {
  std::string name;  // as in the file, for messages
  DType dtype = DType::kOther;
  std::string dtype_name;  // as in the file, for messages
  std::vector<int64_t> shape;
  const uint8_t* data = nullptr;  // borrowed from the mapping
  size_t bytes = 0;
};

}  // namespace alfa
