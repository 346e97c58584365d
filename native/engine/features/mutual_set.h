// MuSc (Li et al., ICLR 2024): the images of an unlabelled set are scored
// against each other. A normal patch has similar patches in most other images;
// an anomalous patch has them in few (docs/method.md, "Recipes").
//
// The cost is quadratic in the number of images: each step compares one image
// with all others in one level. A level is one layer with one neighbourhood;
// its rows are packed once for all images.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "engine.h"
#include "kernels/nearest/nearest.h"
#include "kernels/parallel_for.h"

namespace alfa {

class MutualSet {
 public:
  // grid, width: of the tower that computes the features.
  MutualSet(std::shared_ptr<const Category> category, int grid, int width)
      : category_(std::move(category)), grid_(grid), width_(width) {}

  struct Image {
    int width = 0, height = 0;  // pixels
    // [grid*grid, width] for each layer, standardised if the settings say so.
    std::vector<std::vector<float>> tokens;
    std::vector<float> embedding;  // [E]
    // [grid*grid], the distances to the other images, summed over the levels
    // that were compared.
    std::vector<double> distance_sum{};
    double resize_ms = 0, forward_ms = 0, score_ms = 0;
  };

  const Category& category() const { return *category_; }
  // Throws Error(kRange) if the index is not that of an image.
  const Image& image(int index) const;

  // All images must be added before the first step.
  void add(Image image);

  // The next step. Returns whether steps are left. Throws Error(kRange) with
  // fewer than two images.
  bool step(const kernels::ParallelFor& parallel_for);

  // The results below need all steps. Throw Error(kRange) otherwise.

  // [grid*grid]: for each patch the mean distance to the nearest patches of the
  // 30% of the other images that are closest, averaged over the levels.
  std::vector<float> map(int index) const;

  // The image score: the maximum of the map, smoothed over the images with the
  // most similar embeddings.
  float score(int index);

  // Frees the memory of all images.
  void clear();

 private:
  size_t level_count() const;
  bool finished() const { return level_ == level_count(); }
  void pack_level(const kernels::ParallelFor& parallel_for);
  void compare(size_t index, const kernels::ParallelFor& parallel_for);
  void compute_scores();

  std::shared_ptr<const Category> category_;
  int grid_, width_;
  std::vector<Image> images_;
  // The next step: a level and an image.
  size_t level_ = 0, next_image_ = 0;
  std::vector<kernels::PackedRows> packed_;  // [images], of the current level
  std::vector<float> scores_;                // [images], once computed
};

}  // namespace alfa
