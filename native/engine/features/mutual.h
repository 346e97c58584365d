// MuSc (Li et al., ICLR 2024): images of one unlabelled set judge each other.
// What is anomalous has few likes in the other images; what is normal has many
// (method sec. 10).
#pragma once
#include <string>

#include "engine/features/levels.h"
#include "kernels/parallel_for.h"

namespace alfa {

class MutualSet {
 public:
  MutualSet(Category c) : category(std::move(c)) {}

  struct Image {
    int width = 0, height = 0;  // pixels
    std::vector<std::vector<float>>
        tokens;  // per layer, [grid*grid, width], standardised where the
                 // settings say so
    std::vector<float> embedding;  // [E]
    std::vector<float> map;        // [grid*grid], once judged
    double resize_ms = 0, forward_ms = 0, score_ms = 0;
  };

  Category category;
  std::vector<Image> images;

  // Distances to the nearest patch of each other image, per level; the mean of
  // the lowest 30% of the images, and of all levels. Error(kRange) with fewer
  // than two images.
  void judge(int image, int grid, int width,
             const kernels::ParallelFor& parallel_for);

  // The largest value of each map, smoothed over each image's 1, 2, 3 nearest
  // by embedding (itself one of them), the mean of the three; weights are the
  // cosines. Every image must be judged.
  std::vector<float> scores() const;
};

}  // namespace alfa
