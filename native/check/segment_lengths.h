// The segments that kernels of the forward meet.
#pragma once
#include <vector>

namespace alfa::check {

// Rows of the whole image and of its windows of 2 x 2 and 3 x 3 patches on a 15
// x 15 grid, each with its class token.
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
