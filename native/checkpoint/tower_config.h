// What the layouts share: values of a tower that come from its config, with the
// checks that hold for every layout.
#pragma once
#include <span>

#include "checkpoint/architecture.h"
#include "checkpoint/section.h"

namespace alfa {

struct Normalisation {
  std::array<float, 3> mean, std;
};

inline constexpr Normalisation kClipNormalisation = {
    {0.48145466f, 0.4578275f, 0.40821073f},
    {0.26862954f, 0.26130258f, 0.27577711f}};
inline constexpr Normalisation kImageNetNormalisation = {
    {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};

// Sets width, layers, heads and mlp. Error(kModelMismatch) if the number of
// heads does not divide the width.
void set_size(Tower& tower, const Dim& width, const Dim& layers,
              const Dim& heads, const Dim& mlp);

// mlp = width * config[mlp_ratio]. Error(kModelMismatch) if it is out of range.
Dim mlp_width(const Section& config, const Dim& width);

// Sets config_image_size, image_size, patch and grid. `image_size` is the size
// that the user asked for, or 0 for the config's. Returns the grid of the
// config's image size.
// - Error(kModelUnsupported): the config's image size is not a multiple of the
// patch size.
// - Error(kRange): `image_size` is not a multiple of the patch size, or is more
//   than 64 patches.
Dim set_grid(VisionTower& tower, const Dim& config_image_size, const Dim& patch,
             int image_size);

// Error(kModelUnsupported) unless num_channels is 3 or absent.
void expect_rgb(const Section& config);

// Sets mean and std from the two keys. Error(kModelMismatch) unless every std
// is positive.
void set_normalisation(VisionTower& tower, const Section& config,
                       const char* mean_key, const char* std_key,
                       const Normalisation& fallback);

// The same from transformers' preprocessor_config.json, which may be null.
// Error(kModelUnsupported) if it turns normalisation or rescaling off.
void set_preprocessor(VisionTower& tower, const Json* preprocessor,
                      const Normalisation& fallback);

// A key for which only one value is supported.
struct SupportedValue {
  const char* key;
  const char* value;
};

// Every key must be in `known`, or in `supported` with that value, or off:
// null, false, 0 or empty. Otherwise Error(kModelUnsupported) with `advice` at
// the end. An absent section has no keys.
void expect_known_keys(const Section& section,
                       std::span<const char* const> known,
                       std::span<const SupportedValue> supported,
                       const char* advice);

}  // namespace alfa
