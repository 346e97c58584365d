// Pictures of nothing: smooth coloured noise in four octaves, a darker spot
// somewhere. Alike enough to be of one kind, and different enough that scores
// and maps differ.
#pragma once
#include <vector>

#include "engine.h"

namespace alfa::bench {

struct Pixels {  // RGB [side, side, 3]
  std::vector<uint8_t> rgb;
  int side = 0;
  PixelView view() const { return {rgb.data(), side, side, 3}; }
};

std::vector<Pixels> smooth_pictures(int count, int side, uint64_t seed);

}  // namespace alfa::bench
