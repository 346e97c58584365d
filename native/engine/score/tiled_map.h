// The map of a tiled image, without seams: the maps of all tiles are blended,
// and the map of the whole image counts as one more scale.
//
// A tile's weight is highest at its middle and falls linearly to its edges,
// where the neighbouring tiles take over. At each pixel the weights add up
// to 1.
#pragma once
#include <vector>

#include "checkpoint/architecture.h"
#include "engine/image.h"

namespace alfa {

class TiledMap {
 public:
  // Call once, before the rest. `whole`: [grid*grid], the map of the whole
  // image.
  void start(const Tiling& tiling, const RgbImage& image,
             const Settings& settings, const VisionTower& vision,
             std::vector<float> whole);
  bool started() const { return width_ > 0; }

  // `map`: [grid*grid], the map of one tile.
  void add(int tile, const std::vector<float>& map, int grid);

  // Sets the map of the result: the harmonic mean of the blended tiles and the
  // whole image (eq. 11).
  void finish(Detection& d, int grid);

 private:
  // The tiles' weights along the map's width or height.
  struct Axis {
    // The centres of the map's pixels, in pixels of the image.
    std::vector<double> centre;
    // [tiles along the axis][pixels of the map]
    std::vector<float> weight;
    // The map's pixels that each tile covers: [begin, end).
    std::vector<int> begin, end;
  };
  static Axis make_axis(const std::vector<int>& starts, int tile_size,
                        int image_pixels, int map_pixels);

  Tiling tiling_;
  int width_ = 0, height_ = 0;  // of the map
  Axis x_, y_;
  std::vector<float> whole_;
  std::vector<float> sum_;  // [height, width]
};

}  // namespace alfa
