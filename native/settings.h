// The settings of a category (docs/method.md). lib/settings/settings.ts
// has the same names and describes each setting, with its default and range.
// The host sets every field, so there are no defaults here: {} is zero.
// To add a setting, add a field and its line in visit_fields.
#pragma once
#include <cstdint>
#include <vector>

#include "enum_names.h"
#include "kernels/aligner/aligner.h"
#include "kernels/contextual/contextual.h"
#include "kernels/distance.h"
#include "kernels/resize/resize.h"
#include "kernels/upsample/upsample.h"

namespace alfa {

using kernels::Align;
using kernels::Aligner;
using kernels::ContextualOptions;
using kernels::Distance;
using kernels::Fallback;
using kernels::Fit;
using kernels::Weighting;

template <>
inline constexpr EnumName<Aligner> kNamesOf<Aligner>[] = {
    {Aligner::kOff, "off"},
    {Aligner::kRidge, "ridge"},
    {Aligner::kPinv, "pinv"},
};

template <>
inline constexpr EnumName<Weighting> kNamesOf<Weighting>[] = {
    {Weighting::kUniform, "uniform"},
    {Weighting::kScore, "score"},
};

template <>
inline constexpr EnumName<Fallback> kNamesOf<Fallback>[] = {
    {Fallback::kSide, "side"},
    {Fallback::kBoth, "both"},
};

template <>
inline constexpr EnumName<Distance> kNamesOf<Distance>[] = {
    {Distance::kCosine, "cosine"},
    {Distance::kEuclidean, "euclidean"},
};

template <>
inline constexpr EnumName<Fit> kNamesOf<Fit>[] = {
    {Fit::kSquash, "squash"},
    {Fit::kCrop, "crop"},
};

// The source of the zero-shot map (docs/method.md, step 10 and "Recipes").
// - kNone: no zero-shot map; references or a mutual set may still give a map
// - kWindows: window scores
// - kValues: the value of each patch against the prompts (MaskCLIP)
// - kPath: the same over the V-V path (AnoVL)
// - kRelevance: the relevance of the class token (Trans-MM)
enum class MapSource { kNone, kWindows, kValues, kPath, kRelevance };
template <>
inline constexpr EnumName<MapSource> kNamesOf<MapSource>[] = {
    {MapSource::kNone, "none"},           {MapSource::kWindows, "windows"},
    {MapSource::kValues, "values"},       {MapSource::kPath, "path"},
    {MapSource::kRelevance, "relevance"}, {MapSource::kNone, "references"},
    {MapSource::kNone, "mutual"},
};

// - kMean: (S_G + max M) / 2 (eq. 12)
// - kGlobal: S_G
// - kMax: max M of the bank or the mutual set
// - kReweighted: PatchCore's score, weighted by the neighbours of the nearest
//   bank row
enum class ImageScore { kMean, kGlobal, kMax, kReweighted };
template <>
inline constexpr EnumName<ImageScore> kNamesOf<ImageScore>[] = {
    {ImageScore::kMean, "mean"},
    {ImageScore::kGlobal, "global"},
    {ImageScore::kMax, "max"},
    {ImageScore::kReweighted, "reweighted"},
};

// The size to which the map is upsampled. With kImage and a crop, the map is 0
// outside the crop.
enum class Resolution { kGrid, kModel, kImage };
template <>
inline constexpr EnumName<Resolution> kNamesOf<Resolution>[] = {
    {Resolution::kGrid, "grid"},
    {Resolution::kModel, "model"},
    {Resolution::kImage, "image"},
};

// - kDrop: tokens outside a window are dropped
// - kZero: the pixels outside a window are black, all tokens stay
enum class Mask { kDrop, kZero };
template <>
inline constexpr EnumName<Mask> kNamesOf<Mask>[] = {
    {Mask::kDrop, "drop"},
    {Mask::kZero, "zero"},
};

// The values of the last layer: after its output projection, or before it.
enum class Values { kProjected, kRaw };
template <>
inline constexpr EnumName<Values> kNamesOf<Values>[] = {
    {Values::kProjected, "projected"},
    {Values::kRaw, "raw"},
};

// kRotate4: reference images are also added turned by 90, 180 and 270 degrees.
enum class Augment { kNone, kRotate4 };
template <>
inline constexpr EnumName<Augment> kNamesOf<Augment>[] = {
    {Augment::kNone, "none"},
    {Augment::kRotate4, "rotate4"},
};

// The rows that a bank holds and that a query brings. Each pair of a layer (or
// all layers joined) and a neighbourhood is a level.
struct FeatureSettings {
  // Outputs of these blocks: 1 to the number of the tower's layers, rising.
  std::vector<int> layers;
  // A row is the mean over a square with this side, in patches; odd.
  std::vector<int> neighbourhoods;
  bool join = {};         // one row holds all layers
  bool standardise = {};  // standardise each layer over the image first (MuSc)
  bool windows = {};      // the window embeddings of each scale are levels too
  bool operator==(const FeatureSettings&) const = default;
};

struct BankSettings {
  Distance distance = {};
  Augment augment = {};
  int max_entries = {};  // rows of a level, at most
  float share = {};      // coreset fraction, above 0 to 1
  uint64_t seed = {};
};

struct HarmonicSettings {
  bool include_global = {};  // S_G is one more scale of the harmonic mean
};

struct Tile {     // pixels of the image
  int size = {};  // 0: no tiles
  int overlap = {};
  bool operator==(const Tile&) const = default;
};

struct Settings {
  std::vector<int> scales;  // window sides in patches, each once
  float temperature = {};
  Aligner aligner = {};
  float lambda = {};
  Values values = {};
  bool class_row = {};  // class and register rows take part in the alignment
  ContextualOptions context = {};
  HarmonicSettings harmonic;
  MapSource map = {};
  int smoothing = {};  // side of a mean filter over the grid, odd
  bool align_corners = {};
  FeatureSettings features;
  BankSettings bank;
  Mask mask = {};
  Fit fit = {};
  Resolution resolution = {};
  ImageScore image_score = {};
  Tile tile;

  Align align() const {
    return align_corners ? Align::kCorners : Align::kCentres;
  }
};

// visit_fields(settings, visit) calls visit(name, field) for every field. A
// field that is a struct has its own visit_fields.

template <typename Visit>
void visit_fields(ContextualOptions& context, Visit&& visit) {
  visit("enabled", context.enabled);
  visit("slope", context.slope);
  visit("weighting", context.weighting);
  visit("fallback", context.fallback);
}

template <typename Visit>
void visit_fields(FeatureSettings& features, Visit&& visit) {
  visit("layers", features.layers);
  visit("neighbourhoods", features.neighbourhoods);
  visit("join", features.join);
  visit("standardise", features.standardise);
  visit("windows", features.windows);
}

template <typename Visit>
void visit_fields(BankSettings& bank, Visit&& visit) {
  visit("distance", bank.distance);
  visit("augment", bank.augment);
  visit("maxEntries", bank.max_entries);
  visit("share", bank.share);
  visit("seed", bank.seed);
}

template <typename Visit>
void visit_fields(HarmonicSettings& harmonic, Visit&& visit) {
  visit("includeGlobal", harmonic.include_global);
}

template <typename Visit>
void visit_fields(Tile& tile, Visit&& visit) {
  visit("size", tile.size);
  visit("overlap", tile.overlap);
}

template <typename Visit>
void visit_fields(Settings& settings, Visit&& visit) {
  visit("scales", settings.scales);
  visit("temperature", settings.temperature);
  visit("aligner", settings.aligner);
  visit("lambda", settings.lambda);
  visit("values", settings.values);
  visit("classRow", settings.class_row);
  visit("context", settings.context);
  visit("harmonic", settings.harmonic);
  visit("map", settings.map);
  visit("smoothing", settings.smoothing);
  visit("alignCorners", settings.align_corners);
  visit("features", settings.features);
  visit("bank", settings.bank);
  visit("mask", settings.mask);
  visit("fit", settings.fit);
  visit("resolution", settings.resolution);
  visit("imageScore", settings.image_score);
  visit("tile", settings.tile);
}

}  // namespace alfa
