#include "engine/features/levels.h"

#include <cmath>

#include "kernels/patch_features/patch_features.h"

namespace alfa {

LevelRows patch_level(const std::vector<const float*>& tokens, int grid,
                      int width, int neighbourhood) {
  const int joined = static_cast<int>(tokens.size());
  LevelRows rows;
  rows.count = grid * grid;
  rows.width = joined * width;
  rows.owned.resize(rows.size());
  // A joined row has unit length too.
  const float length = 1 / std::sqrt(static_cast<float>(joined));
  float* out = rows.owned.data();
  for (const float* layer : tokens) {
    kernels::patch_features(layer, grid, width, neighbourhood, length, out,
                            rows.width);
    out += width;
  }
  return rows;
}

std::vector<LevelRows> bank_levels(const Features& f,
                                   const Settings& settings) {
  const FeatureSettings& features = settings.features;
  std::vector<std::vector<float>> standardised;
  std::vector<const float*> tokens;
  for (const int layer : features.layers) {
    tokens.push_back(f.layer(layer));
    if (!features.standardise) continue;
    auto& copy = standardised.emplace_back(
        static_cast<size_t>(f.patch_count()) * static_cast<size_t>(f.width));
    kernels::standardise(tokens.back(), f.grid(), f.width, copy.data());
    tokens.back() = copy.data();
  }
  std::vector<LevelRows> levels;
  for (const int side : features.neighbourhoods) {
    if (tokens.empty()) break;
    if (features.join) {
      levels.push_back(patch_level(tokens, f.grid(), f.width, side));
      continue;
    }
    for (const float* layer : tokens)
      levels.push_back(patch_level({layer}, f.grid(), f.width, side));
  }
  if (!features.windows) return levels;
  for (const int scale : settings.scales)
    levels.push_back(
        {windows_of(f.grid(), scale), f.embed_dim, {}, f.first_window(scale)});
  return levels;
}

}  // namespace alfa
