// The maps of an image's tiles as one, without seams: each tile counts most at
// its middle and fades to its edges, where its neighbours take over (weights
// form a tent along each side, and add up to 1 at every pixel).
#pragma once
#include <vector>

#include "engine/views.h"

namespace alfa {

class TileBlend {
 public:
  // The map that is blended, width x height pixels, shows the whole picture.
  TileBlend(const Tiling& tiling, const Picture& picture, int width,
            int height);

  void add(int tile, const std::vector<float>& map, int grid);  // [grid*grid]

  // With the whole view's map [grid*grid] as one more scale: the harmonic mean
  // of both (eq. 11's averaging).
  std::vector<float> finish(const std::vector<float>& whole, int grid);

 private:
  struct Side {              // of the canvas, along x or y
    std::vector<double> at;  // canvas pixel centres, in the picture's pixels
    std::vector<float>
        weight;  // [tiles along it][pixels], adding up to 1 over the tiles
    std::vector<int> begin, end;  // per tile, the pixels that it covers
  };
  Side side(const std::vector<int>& starts, int picture, int canvas) const;

  const Tiling& tiling_;
  int width_, height_;
  Side x_, y_;
  std::vector<float> sum_;  // [height, width]
};

}  // namespace alfa
