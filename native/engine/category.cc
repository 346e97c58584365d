// Categories and memory banks: every setting is checked against the model
// before anything runs with it.
#include <algorithm>
#include <cmath>

#include "engine/features/bank.h"
#include "engine/state.h"
#include "engine/validate.h"

namespace alfa {
namespace {

void check_features(const FeatureSettings& f, int layers) {
  for (size_t i = 0; i < f.layers.size(); ++i) {
    const int layer = f.layers[i];
    check_range(layer >= 1 && layer <= layers,
                "Expected feature layers between 1 and the model's " +
                    std::to_string(layers) + " but received " +
                    std::to_string(layer) + ".");
    check_range(i == 0 || f.layers[i - 1] < layer,
                "Expected feature layers in ascending order, each once.");
  }
  check_range(!f.neighbourhoods.empty(),
              "Expected at least one neighbourhood for features.");
  for (const int side : f.neighbourhoods)
    check_range(side >= 1 && side % 2 == 1 && side <= 4096,
                "Expected an odd feature neighbourhood between 1 and 4096 "
                "patches but received " +
                    std::to_string(side) + ".");
}

bool positive(float value) { return std::isfinite(value) && value > 0; }

void check_settings(const Settings& s, const VisionTower& vision) {
  check_scales(s.scales, vision);
  check_range(positive(s.temperature), "Expected a temperature above 0.");
  check_range(positive(s.context.slope), "Expected a context slope above 0.");
  check_range(s.aligner == Aligner::kOff || positive(s.lambda),
              "Expected a lambda above 0.");
  check_range(s.smoothing >= 1 && s.smoothing <= 4095 && s.smoothing % 2 == 1,
              "Expected an odd number of patches, 1 to 4095, for smoothing but "
              "received " +
                  std::to_string(s.smoothing) + ".");
  check_range(s.map != MapSource::kRelevance || !s.context.enabled,
              "Expected context to be off with map 'relevance', because its "
              "prompts must be known before the image is.");
  check_range(s.tile.size >= 0 && s.tile.overlap >= 0 &&
                  (s.tile.size == 0 || s.tile.overlap < s.tile.size),
              "Expected a tile overlap of at least 0 and below tile.size.");
  check_range(s.tile.size == 0 || s.fit == Fit::kSquash,
              "Expected fit 'squash' with tiles, because the tiles cover the "
              "whole image and a crop does not.");
  check_range(s.bank.max_entries >= 1 && s.bank.max_entries <= 1 << 24,
              "Expected bank.maxEntries from 1 to 2^24 but received " +
                  std::to_string(s.bank.max_entries) + ".");
  check_range(s.bank.share > 0 && s.bank.share <= 1,
              "Expected a bank.share above 0 and at most 1.");
  check_features(s.features, vision.layers);
}

BankKey bank_key(const Settings& s, const std::string& model) {
  return {s.features, s.features.windows ? s.scales : std::vector<int>{},
          s.mask,     s.fit,
          s.tile,     model};
}

void check_prompts(std::span<const float> rows, const std::string& side,
                   size_t embed_dim) {
  check_range(!rows.empty() && rows.size() % embed_dim == 0,
              "Expected " + side + " prompt embeddings as [n, " +
                  std::to_string(embed_dim) +
                  "] with n of at least 1 but received " +
                  std::to_string(rows.size()) + " numbers.");
  const bool finite = std::all_of(rows.begin(), rows.end(),
                                  [](float v) { return std::isfinite(v); });
  check_range(finite, "Expected finite " + side +
                          " prompt embeddings but received NaN or infinity.");
}

void check_bank(const Bank& bank, const BankKey& key) {
  if (bank.key.model != key.model)
    throw Error(Code::kModelMismatch,
                "The memory bank was made with another model than the open "
                "one. Add the reference images again, or open that model.");
  check_range(bank.key == key,
              "Expected a memory bank that was made with the category's "
              "scales, features, mask, fit and tile.");
}

// The abnormal direction. Without contextual selection it is the same for every
// image, so any row can take the image's place.
std::vector<float> abnormal_direction(const Category& category, size_t E) {
  const float* prompts[2] = {category.prompts[0].data(),
                             category.prompts[1].data()};
  const auto context =
      kernels::contextual_score(prompts[0], prompts, category.counts,
                                static_cast<int>(E), category.settings.context);
  return {context.direction.begin() + static_cast<ptrdiff_t>(E),
          context.direction.end()};
}

}  // namespace

std::shared_ptr<const Category> Engine::make_category(
    Settings settings, std::span<const float> normal,
    std::span<const float> abnormal, std::span<const float> descriptors,
    std::shared_ptr<const Bank> bank) const {
  const size_t E = static_cast<size_t>(state_->info.embed_dim);
  check_settings(settings, state_->vision());
  const auto category = std::make_shared<Category>();
  category->settings = std::move(settings);
  category->model = state_->info.hash;
  const bool text = !normal.empty() || !abnormal.empty();
  if (text) {
    check_prompts(normal, "normal", E);
    check_prompts(abnormal, "abnormal", E);
    category->prompts[0].assign(normal.begin(), normal.end());
    category->prompts[1].assign(abnormal.begin(), abnormal.end());
    category->counts[0] = static_cast<int>(normal.size() / E);
    category->counts[1] = static_cast<int>(abnormal.size() / E);
  }
  check_range(descriptors.size() % E == 0,
              "Expected descriptor embeddings as [n, " + std::to_string(E) +
                  "] but received " + std::to_string(descriptors.size()) +
                  " numbers.");
  category->descriptors.assign(descriptors.begin(), descriptors.end());
  if (bank) check_bank(*bank, bank_key(category->settings, state_->info.hash));
  category->bank = std::move(bank);
  if (text && category->settings.map == MapSource::kRelevance)
    category->target = abnormal_direction(*category, E);
  return category;
}

std::shared_ptr<BankBuilder> Engine::new_bank(const Settings& settings) const {
  check_settings(settings, state_->vision());
  check_range(!settings.features.layers.empty() ||
                  (settings.features.windows && !settings.scales.empty()),
              "Expected features for the references: layers, or windows of at "
              "least one scale.");
  return std::make_shared<BankBuilder>(bank_key(settings, state_->info.hash),
                                       settings.bank);
}

void Engine::add_reference(BankBuilder& bank, const PixelView& pixels,
                           RunControl* control) {
  const int size = state_->vision().image_size;
  const BankKey& key = bank.key();
  const RgbImage image(pixels);
  Settings settings;
  settings.features = key.features;
  settings.scales = key.scales;
  FeatureRequest request;
  request.add_bank(settings);

  auto batch = state_->backend->new_batch(request, key.mask);
  const auto flush = [&] {
    batch->run(control);
    for (size_t v = 0; v < batch->size(); ++v)
      bank.add(bank_levels(batch->features(v), settings),
               state_->pool.parallel_for());
    batch = state_->backend->new_batch(request, key.mask);
  };
  const auto add = [&](std::vector<uint8_t> square) {
    const int rotations = bank.settings().augment == Augment::kRotate4 ? 4 : 1;
    for (int i = 0; i < rotations; ++i) {
      if (i > 0) square = rotate_90(square, size);
      batch->add(square);
      if (batch->size() >= state_->max_batch) flush();
    }
  };
  const Tiling tiling =
      key.tile.size > 0 ? tile_image(image, key.tile) : Tiling{};
  add(resize_to_square(image, size, key.fit));
  for (int tile = 0; tile < tiling.count(); ++tile)
    add(resize_to_square(image, tiling.box(tile), size));
  if (batch->size() > 0) flush();
  bank.count_image();
}

std::shared_ptr<const Bank> Engine::finish_bank(BankBuilder& bank) {
  return bank.finish(state_->pool.parallel_for());
}

Engine::BankSize Engine::size_of(const Bank& bank) {
  BankSize size{bank.images, {}};
  for (const auto& level : bank.levels) size.entries.push_back(level.count);
  return size;
}

}  // namespace alfa
