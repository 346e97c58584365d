#include "engine/features/levels.h"

#include <cmath>

#include "kernels/patch_features/patch_features.h"

namespace alfa {

Rows patch_level(const std::vector<const float*>& tokens, int grid, int width,
                 int neighbourhood) {
  const int joined = static_cast<int>(tokens.size());
  Rows rows{grid * grid, joined * width, {}, nullptr};
  rows.own.resize(static_cast<size_t>(rows.count) * rows.width);
  const float length = 1 / std::sqrt(static_cast<float>(joined));
  for (int l = 0; l < joined; ++l)
    kernels::patch_features(tokens[l], grid, width, neighbourhood, length,
                            rows.own.data() + l * width, rows.width);
  return rows;
}

std::vector<Rows> bank_levels(const Features& f, const Settings& settings) {
  const FeatureSettings& wanted = settings.features;
  std::vector<std::vector<float>> standard;
  std::vector<const float*> tokens;
  for (const int layer : wanted.layers) {
    tokens.push_back(f.layer(layer));
    if (!wanted.standardise) continue;
    auto& own = standard.emplace_back(static_cast<size_t>(f.grid()) * f.grid() *
                                      f.width);
    kernels::standardise(tokens.back(), f.grid(), f.width, own.data());
    tokens.back() = own.data();
  }
  std::vector<Rows> levels;
  for (const int side : wanted.neighbourhoods) {
    if (wanted.join && !tokens.empty())
      levels.push_back(patch_level(tokens, f.grid(), f.width, side));
    for (size_t l = 0; !wanted.join && l < tokens.size(); ++l)
      levels.push_back(patch_level({tokens[l]}, f.grid(), f.width, side));
  }
  for (const int k : settings.scales) {
    if (!wanted.windows) break;
    const int count = windows_of(f.grid(), k);
    const float* first =
        f.embedding +
        static_cast<ptrdiff_t>(f.segments->first_window(k)) * f.embed_dim;
    levels.push_back({count, f.embed_dim, {}, first});
  }
  return levels;
}

}  // namespace alfa
