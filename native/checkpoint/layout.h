// What the layouts share: the checks that hold for any tower once its numbers are read.
#pragma once
#include "checkpoint/architecture.h"
#include "checkpoint/section.h"

namespace alfa {

inline constexpr std::array<float, 3> kClipMean = {0.48145466f, 0.4578275f, 0.40821073f};
inline constexpr std::array<float, 3> kClipStd = {0.26862954f, 0.26130258f, 0.27577711f};

// Sets width, layers, heads, mlp. Error(kModelMismatch) where the heads do not split the width.
void set_size(Tower& tower, const Dim& width, const Dim& layers, const Dim& heads, const Dim& mlp);

// Sets image_size, patch, grid and returns the grid. Error(kModelUnsupported) where patches do not tile the image.
Dim set_grid(VisionTower& tower, const Dim& image, const Dim& patch);

// Error(kModelMismatch) unless every std is positive; `keys` holds both lists.
void set_normalisation(VisionTower& tower, const Section& keys, const char* mean_key, const char* std_key);

}  // namespace alfa
