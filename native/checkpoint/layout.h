// What the layouts share: the checks that hold for any tower once its numbers
// are read.
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

// Sets width, layers, heads, mlp. Error(kModelMismatch) where the heads do not
// split the width.
void set_size(Tower& tower, const Dim& width, const Dim& layers,
              const Dim& heads, const Dim& mlp);

// Sets own_size to the config's image, image_size to the one asked for (0: the
// config's), patch and grid; returns the config's grid.
// Error(kModelUnsupported) where patches do not tile the config's image,
// Error(kRange) where the size asked for is not 1 to 64 patches a side.
Dim set_grid(VisionTower& tower, const Dim& image, const Dim& patch,
             int asked_for);

// Error(kModelMismatch) unless every std is positive; `keys` holds both lists.
void set_normalisation(VisionTower& tower, const Section& keys,
                       const char* mean_key, const char* std_key,
                       const Normalisation& fallback);

// The same from transformers' preprocessor_config.json, null where there is
// none. Error(kModelUnsupported) where it turns off what every number rests on.
void set_preprocessor(VisionTower& tower, const Json* preprocessor,
                      const Normalisation& fallback);

// A setting that changes the numbers, with the one value that we run.
struct Only {
  const char* key;
  const char* value;
};

// Error(kModelUnsupported), ending in `advice`, at a key that is neither
// `known` nor off (null, false, 0 or empty) nor in `only` with its value. A
// section that is not there has no keys.
void refuse_others(const Section& section, std::span<const char* const> known,
                   std::span<const Only> only, const char* advice);

}  // namespace alfa
