#include "checkpoint/layout.h"

#include <algorithm>
#include <cmath>

#include "checkpoint/quote.h"
#include "error.h"

namespace alfa {
namespace {

constexpr int kMostPatches =
    64;  // a side: 1024 px at 16 a patch; attention grows with its fourth power

bool is_off(const Json& value) {
  return !value.boolean && value.number == 0 && value.string.empty() &&
         value.array.empty() && value.object.empty();
}

void check_asked_for(int size, int patch) {
  if (size % patch == 0 && size / patch <= kMostPatches) return;
  const int below = std::clamp(size / patch, 1, kMostPatches),
            above = std::min(below + 1, kMostPatches);
  throw Error(
      Code::kRange,
      "Expected an imageSize of whole patches, " + std::to_string(patch) +
          " px each in this model and at most " + std::to_string(kMostPatches) +
          " a side, but received " + std::to_string(size) + "; take " +
          std::to_string(below * patch) +
          (above > below ? " or " + std::to_string(above * patch) : "") + ".");
}

}  // namespace

void set_size(Tower& tower, const Dim& width, const Dim& layers,
              const Dim& heads, const Dim& mlp) {
  if (heads.size < 1 || width.size % heads.size != 0)
    throw Error(Code::kModelMismatch,
                width.key + " is " + std::to_string(width.size) + " and " +
                    heads.key + " gives " + std::to_string(heads.size) +
                    " heads; expected a number that divides the width");
  tower.width = width;
  tower.layers = layers;
  tower.heads = heads;
  tower.mlp = mlp;
}

Dim set_grid(VisionTower& tower, const Dim& image, const Dim& patch,
             int asked_for) {
  if (image.size % patch.size != 0)
    throw Error(Code::kModelUnsupported,
                image.key + " is " + std::to_string(image.size) +
                    ", expected a multiple of " + patch.key + ", " +
                    std::to_string(patch.size));
  if (asked_for) check_asked_for(asked_for, patch);
  tower.config_image_size = image;
  tower.image_size = asked_for ? asked_for : tower.config_image_size;
  tower.patch = patch;
  tower.grid = tower.image_size / tower.patch;
  return {image.size / patch.size, image.key};
}

void set_normalisation(VisionTower& tower, const Section& keys,
                       const char* mean_key, const char* std_key,
                       const Normalisation& fallback) {
  const auto mean = keys.channels(mean_key, fallback.mean),
             std = keys.channels(std_key, fallback.std);
  for (int i = 0; i < 3; ++i) {
    if (!(std[i] > 0))
      throw Error(Code::kModelMismatch,
                  keys.label(std_key) + " must be positive");
    tower.mean[i] = mean[i];
    tower.std[i] = std[i];
  }
}

void set_preprocessor(VisionTower& tower, const Json* preprocessor,
                      const Normalisation& fallback) {
  const Section section(preprocessor, "", "preprocessor_config.json");
  if (!section.flag("do_normalize", true) ||
      !section.flag("do_rescale", true) ||
      std::fabs(section.ratio("rescale_factor", 1.0 / 255) * 255 - 1) > 1e-4)
    throw Error(Code::kModelUnsupported,
                "preprocessor_config.json turns off normalisation or scales "
                "pixels by other "
                "than 1/255; that is not supported");
  set_normalisation(tower, section, "image_mean", "image_std", fallback);
}

void refuse_others(const Section& section, std::span<const char* const> known,
                   std::span<const Only> only, const char* advice) {
  if (!section) return;
  for (const auto& [key, value] : section.json()->object) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto found = std::find_if(
        only.begin(), only.end(),
        [&key = key](const Only& each) { return key == each.key; });
    const char* wanted = found == only.end() ? nullptr : found->value;
    if (value.kind == Json::Kind::kNull ||
        (wanted ? value.string == wanted : is_off(value)))
      continue;
    throw Error(Code::kModelUnsupported,
                "setting " +
                    section.label(key.size() < 64 ? key : in_quotes(key)) +
                    " is not supported, expected " +
                    (wanted ? in_quotes(wanted)
                            : std::string("it to be absent or off")) +
                    "; " + advice);
  }
}

}  // namespace alfa
