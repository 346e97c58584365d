// Conversions between the counts of kernel interfaces, which are ints, and the
// sizes and offsets of memory, which are 64 bits wide.
#pragma once
#include <cstddef>

namespace alfa::kernels {

// `count` must not be negative.
constexpr size_t to_size(int count) { return static_cast<size_t>(count); }

// The offset of row `row` in a row-major matrix. It does not overflow where the
// matrix has more than 2^31 elements.
constexpr ptrdiff_t row_offset(ptrdiff_t row, ptrdiff_t width) {
  return row * width;
}

}  // namespace alfa::kernels
