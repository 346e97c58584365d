#include "checkpoint/layout.h"

#include "error.h"

namespace alfa {

void set_size(Tower& tower, const Dim& width, const Dim& layers, const Dim& heads, const Dim& mlp) {
  if (heads.size < 1 || width.size % heads.size != 0)
    throw Error(Code::kModelMismatch, width.key + " is " + std::to_string(width.size) + " and " + heads.key +
                                          " gives " + std::to_string(heads.size) +
                                          " heads; expected a number that divides the width");
  tower.width = width;
  tower.layers = layers;
  tower.heads = heads;
  tower.mlp = mlp;
}

Dim set_grid(VisionTower& tower, const Dim& image, const Dim& patch) {
  if (image.size % patch.size != 0)
    throw Error(Code::kModelUnsupported, image.key + " is " + std::to_string(image.size) + ", expected a multiple of " +
                                             patch.key + ", " + std::to_string(patch.size));
  tower.image_size = image;
  tower.patch = patch;
  tower.grid = static_cast<int>(image.size / patch.size);
  return {tower.grid, image.key};
}

void set_normalisation(VisionTower& tower, const Section& keys, const char* mean_key, const char* std_key) {
  const auto mean = keys.channels(mean_key, kClipMean), std = keys.channels(std_key, kClipStd);
  for (int i = 0; i < 3; ++i) {
    if (!(std[i] > 0)) throw Error(Code::kModelMismatch, keys.label(std_key) + " must be positive");
    tower.mean[i] = mean[i];
    tower.std[i] = std[i];
  }
}

}  // namespace alfa
