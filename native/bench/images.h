// Synthetic images: smooth coloured noise in four octaves with a darker spot.
// They are similar enough for one class, and different enough that scores and
// maps differ.
#pragma once
#include <vector>

#include "engine.h"

namespace alfa::bench {

struct TestImage {  // RGB, [side, side, 3]
  std::vector<uint8_t> rgb;
  int side = 0;
  PixelView view() const { return {rgb.data(), side, side, 3}; }
};

std::vector<TestImage> smooth_images(int count, int side, uint64_t seed);

}  // namespace alfa::bench
