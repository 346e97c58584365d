// CUDA twin of scale_map and harmonic_mean in one kernel, for the images of a
// batch: window scores of all scales to the map of the patch grid (method sec.
// 7), and its maximum.
#pragma once
#include "kernels/cuda.h"

namespace alfa::kernels {

struct CudaHarmonicMap {
  static constexpr int kMaxScales = 16;
  const float* scores;  // [images, count]: for each scale its (grid-k+1)^2
                        // windows, scale by scale
  int images, count, grid;
  int scales[kMaxScales];  // k; on the host, by value
  int scale_count;         // >= 1
  const float* global;  // [images] or null: one more scale that is this number
                        // everywhere (S_G)
  float* map;           // [images, grid*grid]
};

void harmonic_map_cuda(const CudaHarmonicMap& task, CudaStream stream);

// What makes a batch's answers of its maps: bank maps averaged in, the maximum,
// the image score (method sec. 7, 8).
//   map = (map + bank) / 2 where there is a bank map, local = max map
//   score = map and mean ? (global + max of the zero-shot map) / 2 : global;
//   with a bank: (score + max bank) / 2
// Without a zero-shot map the bank's is the map that `local` is of. A maximum
// of numbers with a NaN among them is NaN.
struct CudaImageScores {
  int images, patches;
  float* map;  // [images, patches], the zero-shot map, changed in place; null
               // without one
  const float* bank;    // [images, patches] or null
  const float* global;  // [images]
  bool mean;            // eq. 12; false: S = S_G
  float* score;         // [images]
  float* local;         // [images]; NaN without either map
};
void image_scores_cuda(const CudaImageScores& task, CudaStream stream);

// Per scale, distances of windows to patches by scale_map; levels averaged:
// bank[p] = mean over levels (method sec. 8).
struct CudaBankMap {
  static constexpr int kMaxLevels = 32;
  int images, grid, levels;
  const float*
      distances[kMaxLevels];  // level l: [images, patches] where scale[l] is 0,
                              // else [images, (grid-k+1)^2]
  int scales[kMaxLevels];     // 0: the level's rows are patches; k: windows of
                              // that scale
  float* map;                 // [images, grid*grid]
};
void bank_map_cuda(const CudaBankMap& task, CudaStream stream);

}  // namespace alfa::kernels
