// Regions: the connected parts of an anomaly map above a threshold. Pixels that
// touch at a side or a corner are connected (8-connectivity).
#pragma once
#include <vector>

namespace alfa::kernels {

// All numbers are in pixels of the map.
struct Region {
  int left, top, width, height;  // bounding box
  int area;                      // pixels above the threshold
  int peak_x, peak_y;            // the pixel with the highest value
  float peak;                    // that value
};

// map [height, width], row-major. A pixel counts if its value > threshold; NaN
// does not. Returns the `limit` regions with the highest peaks, highest first.
// Regions with equal peaks are in the order of their first pixels, row by row.
// Of equal values in a region, the first one is its peak.
std::vector<Region> find_regions(const float* map, int width, int height,
                                 float threshold, int limit);

}  // namespace alfa::kernels
