// Maps and image scores of a batch on CUDA (docs/method.md, step 10 and
// "Reference images").
//
// Rules of every CUDA kernel (pointers, streams, errors): kernels/cuda.h.
#pragma once
#include "kernels/cuda.h"

namespace alfa::kernels {

// scale_map of every scale and their harmonic_mean, in one kernel.
struct CudaHarmonicMap {
  static constexpr int kMaxScales = 16;

  const float* scores;  // [images, windows], the windows scale by scale
  int images;
  int windows;  // of all scales: the sum of (grid - k + 1)^2
  int grid;
  int scales[kMaxScales];  // k; on the host
  int scale_count;         // 1 to kMaxScales
  // [images] or null: S_G of each image, as one more scale with this value at
  // every patch.
  const float* global;
  float* map;  // [images, grid * grid]
};

// Throws Error(kRange) where a scale or their number is out of range.
void harmonic_map_cuda(const CudaHarmonicMap& task, CudaStream stream);

// The map of the memory bank: the mean over the levels of the distances to the
// bank. Distances of windows go to patches by scale_map.
struct CudaBankMap {
  static constexpr int kMaxLevels = 32;

  int images, grid, levels;
  // Level l: [images, grid * grid] where scales[l] is 0, else [images, (grid -
  // scales[l] + 1)^2].
  const float* distances[kMaxLevels];
  int scales[kMaxLevels];  // 0: the level's rows are patches; k: k x k windows
  float* map;              // [images, grid * grid]
};

// Throws Error(kRange) where a scale or the number of levels is out of range.
void bank_map_cuda(const CudaBankMap& task, CudaStream stream);

// Combines the zero-shot map and the bank map, and computes the image scores:
// - map = (map + bank) / 2 if there are both
// - score = global, or (global + max of the zero-shot map) / 2 with `mean`
// - with a bank: score = (score + max of the bank map) / 2
// - local = the maximum of the combined map, or of the only map
// A NaN in a map makes its maximum NaN.
struct CudaImageScores {
  int images;
  int patches;  // grid * grid
  float* map;   // [images, patches], replaced by the combined map; or null
  const float* bank;    // [images, patches] or null
  const float* global;  // [images], S_G
  bool mean;            // true: eq. 12; false: the score is S_G
  float* score;         // [images], S
  float* local;         // [images]; NaN without a map
};

void image_scores_cuda(const CudaImageScores& task, CudaStream stream);

}  // namespace alfa::kernels
