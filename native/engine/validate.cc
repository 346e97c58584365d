#include "engine/validate.h"

#include <algorithm>

#include "engine/features/packing.h"
#include "error.h"

namespace alfa {
namespace {

// Packed rows of one image. Far more than any real model has, and far less than
// 32 bits can count.
constexpr int64_t kMaxRows = int64_t{1} << 24;

}  // namespace

void check_range(bool ok, const std::string& message) {
  if (!ok) throw Error(Code::kRange, message);
}

void check_scales(std::span<const int> scales, const VisionTower& vision) {
  for (size_t i = 0; i < scales.size(); ++i) {
    const int scale = scales[i];
    check_range(scale >= 1 && scale <= vision.grid,
                "Expected scales between 1 and the model's grid of " +
                    std::to_string(vision.grid) + " patches but received " +
                    std::to_string(scale) + ".");
    const auto earlier = scales.first(i);
    check_range(
        std::find(earlier.begin(), earlier.end(), scale) == earlier.end(),
        "Expected each scale once but received " + std::to_string(scale) +
            " twice.");
  }
  const int64_t rows = rows_of(vision.grid, vision.prefix, scales);
  check_range(rows <= kMaxRows,
              "Expected fewer or smaller windows: these scales need " +
                  std::to_string(rows) + " rows per image, and the limit is " +
                  std::to_string(kMaxRows) + ".");
}

}  // namespace alfa
