// What a forward computes: for a whole batch, and for one view of it (the whole
// image, a tile, or a rotated reference).
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/features/packing.h"

namespace alfa {

// The features of one view, borrowed from its batch. Arrays that the batch did
// not request are null.
//   E: width of an embedding     R: rows of a view, prefix + grid * grid
//   S: segments, 1 + windows     T: packed rows of all segments
struct Features {
  const float* embedding = nullptr;  // [S, E], unit rows; the whole view first
  const float* value = nullptr;      // [T, E], unit rows
  const float* raw_value = nullptr;  // [T, E]
  const float* path = nullptr;       // [R, E]
  // (layer, [R, width]) for each layer.
  std::vector<std::pair<int, const float*>> hidden;
  const Segments* segments = nullptr;
  int embed_dim = 0;  // E
  int width = 0;      // of the layers' rows

  int grid() const { return segments->grid; }
  int prefix() const { return segments->prefix; }
  int patch_count() const { return grid() * grid(); }
  // [grid*grid, width], the rows of the patches; null if not requested.
  const float* layer(int layer) const;
  // [E], the first window of a scale. The scale must be one of the request.
  const float* first_window(int scale) const;
};

// What one forward computed for B images: the same arrays, image by image.
struct ForwardOutputs {
  const float* embedding = nullptr;
  const float* value = nullptr;
  const float* raw_value = nullptr;
  const float* path = nullptr;
  const float* relevance = nullptr;  // [P, R]; P: number of relevance targets
  std::vector<std::pair<int, const float*>> hidden;
  // Owns the arrays above.
  std::shared_ptr<const void> memory;

  // `segments`: of one view.
  Features view(size_t index, const Segments& segments, int embed_dim,
                int width) const;
};

// Unit rows whose relevance a forward computes, each for the whole image of one
// segment.
struct RelevanceTargets {
  std::vector<float> rows;        // [P, E]
  std::vector<int32_t> segments;  // [P]
};

}  // namespace alfa
