#include "checkpoint/tower_config.h"

#include <algorithm>
#include <cmath>

#include "checkpoint/quote.h"
#include "error.h"

namespace alfa {
namespace {

// Patches along a side: 1024 px at 16 px per patch. The cost of attention grows
// with the fourth power.
constexpr int kLargestGrid = 64;
constexpr int64_t kLargestMlp = 10000000;

bool is_off(const Json& value) {
  return !value.boolean && value.number == 0 && value.string.empty() &&
         value.array.empty() && value.object.empty();
}

void check_image_size(int size, int patch) {
  if (size % patch == 0 && size / patch <= kLargestGrid) return;
  const int below = std::clamp(size / patch, 1, kLargestGrid);
  const int above = std::min(below + 1, kLargestGrid);
  std::string valid = std::to_string(below * patch);
  if (above > below) valid += " or " + std::to_string(above * patch);
  throw Error(Code::kRange,
              "Expected imageSize to be a multiple of the patch size of this "
              "model, " +
                  std::to_string(patch) + " px, and at most " +
                  std::to_string(kLargestGrid) + " patches, but received " +
                  std::to_string(size) + "; use " + valid + ".");
}

}  // namespace

void set_size(Tower& tower, const Dim& width, const Dim& layers,
              const Dim& heads, const Dim& mlp) {
  if (heads.size < 1 || width.size % heads.size != 0)
    throw Error(Code::kModelMismatch,
                width.key + " is " + std::to_string(width.size) + " and " +
                    heads.key + " gives " + std::to_string(heads.size) +
                    " heads; expected the number of heads to divide the width");
  tower.width = width;
  tower.layers = layers;
  tower.heads = heads;
  tower.mlp = mlp;
}

Dim mlp_width(const Section& config, const Dim& width) {
  const double mlp = static_cast<double>(width.size) *
                     config.ratio("mlp_ratio", 4.0);  // at most 10^12
  const Dim dim = {static_cast<int64_t>(mlp), config.label("mlp_ratio")};
  if (dim.size < 1 || dim.size > kLargestMlp)
    throw Error(Code::kModelMismatch,
                dim.key + " gives an MLP width of " + std::to_string(dim.size) +
                    "; expected 1 to " + std::to_string(kLargestMlp));
  return dim;
}

Dim set_grid(VisionTower& tower, const Dim& config_image_size, const Dim& patch,
             int image_size) {
  if (config_image_size.size % patch.size != 0)
    throw Error(Code::kModelUnsupported,
                config_image_size.key + " is " +
                    std::to_string(config_image_size.size) +
                    "; expected a multiple of " + patch.key + ", which is " +
                    std::to_string(patch.size));
  if (image_size) check_image_size(image_size, patch);
  tower.config_image_size = config_image_size;
  tower.image_size = image_size ? image_size : tower.config_image_size;
  tower.patch = patch;
  tower.grid = tower.image_size / tower.patch;
  return {config_image_size.size / patch.size, config_image_size.key};
}

void expect_rgb(const Section& config) {
  const Dim channels = config.count("num_channels", 3);
  if (channels.size != 3)
    throw Error(Code::kModelUnsupported, channels.key + " is " +
                                             std::to_string(channels.size) +
                                             "; expected 3 (red, green, blue)");
}

void set_normalisation(VisionTower& tower, const Section& config,
                       const char* mean_key, const char* std_key,
                       const Normalisation& fallback) {
  const auto mean = config.channels(mean_key, fallback.mean);
  const auto std = config.channels(std_key, fallback.std);
  for (size_t i = 0; i < 3; ++i) {
    if (!(std[i] > 0))
      throw Error(Code::kModelMismatch,
                  config.label(std_key) + ": expected positive numbers");
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
                "preprocessor_config.json turns normalisation off, or scales "
                "pixels by another factor than 1/255; this is not supported");
  set_normalisation(tower, section, "image_mean", "image_std", fallback);
}

void expect_known_keys(const Section& section,
                       std::span<const char* const> known,
                       std::span<const SupportedValue> supported,
                       const char* advice) {
  if (!section) return;
  for (const auto& [key, value] : section.json()->object) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    if (value.kind == Json::Kind::kNull) continue;
    const auto found = std::find_if(
        supported.begin(), supported.end(),
        [&key = key](const SupportedValue& each) { return key == each.key; });
    const char* expected = found == supported.end() ? nullptr : found->value;
    if (expected ? value.string == expected : is_off(value)) continue;
    throw Error(
        Code::kModelUnsupported,
        section.label(key.size() < 64 ? key : in_quotes(key)) +
            " is not supported; expected it to be " +
            (expected ? in_quotes(expected) : std::string("absent or off")) +
            "; " + advice);
  }
}

}  // namespace alfa
