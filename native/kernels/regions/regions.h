// Connected parts of a map above a threshold, 8-connected: what a person would
// circle.
#pragma once
#include <vector>

namespace alfa::kernels {

struct Region {
  int left, top, width, height;  // bounding box, in the map's pixels
  int area;                      // pixels above the threshold
  int peak_x, peak_y;            // the first highest pixel, row by row
  float peak;                    // its value
};

// map [height, width], row-major. Pixels with value > threshold count; NaN does
// not. The `most` regions with the highest peaks, highest first, ties in
// reading order.
std::vector<Region> find_regions(const float* map, int width, int height,
                                 float threshold, int most);

}  // namespace alfa::kernels
