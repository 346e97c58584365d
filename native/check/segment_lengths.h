// Lengths of the segments in a forward.
#pragma once
#include <vector>

namespace alfa::check {

// The segments of images with a grid of 15 x 15: the image, and its windows of
// 2 x 2 and 3 x 3 patches. Each has a class token.
inline std::vector<int> images_and_windows(int images) {
  std::vector<int> lengths;
  for (int i = 0; i < images; ++i) {
    lengths.push_back(226);
    lengths.insert(lengths.end(), 196, 5);
    lengths.insert(lengths.end(), 169, 10);
  }
  return lengths;
}

}  // namespace alfa::check
