// Categories and the banks behind them: every setting checked against the model
// before anything runs on it.
#include <algorithm>
#include <cmath>

#include "engine/features/bank.h"
#include "engine/state.h"
#include "engine/views.h"

namespace alfa {
namespace {

void check_features(const FeatureSettings& f, int layers,
                    const std::string& what) {
  for (size_t i = 0; i < f.layers.size(); ++i) {
    const int l = f.layers[i];
    range(l >= 1 && l <= layers, "Expected " + what +
                                     " layers between 1 and the model's " +
                                     std::to_string(layers) + " but received " +
                                     std::to_string(l) + ".");
    range(i == 0 || f.layers[i - 1] < l,
          "Expected " + what + " layers in rising order, each once.");
  }
  range(!f.neighbourhoods.empty(),
        "Expected at least one neighbourhood for " + what + ".");
  for (const int side : f.neighbourhoods)
    range(side >= 1 && side % 2 == 1 && side <= 4096,
          "Expected odd neighbourhoods of at least 1 patch for " + what +
              " but received " + std::to_string(side) + ".");
}

void check_settings(const Settings& s, const VisionTower& vision) {
  check_scales(s.scales, vision);
  range(std::isfinite(s.temperature) && s.temperature > 0,
        "Expected a temperature above 0.");
  range(std::isfinite(s.context.slope) && s.context.slope > 0,
        "Expected a context slope above 0.");
  range(s.aligner == Aligner::kOff || (std::isfinite(s.lambda) && s.lambda > 0),
        "Expected a lambda above 0.");
  range(s.smoothing >= 1 && s.smoothing <= 4095 && s.smoothing % 2 == 1,
        "Expected an odd number of patches, 1 to 4095, for smoothing but "
        "received " +
            std::to_string(s.smoothing) + ".");
  range(s.map != MapSource::kRelevance || !s.context.enabled,
        "Expected context off with a map of relevance: its prompts are fixed "
        "before the image is seen.");
  range(s.tile.size >= 0 && s.tile.overlap >= 0 &&
            (s.tile.size == 0 || s.tile.overlap < s.tile.size),
        "Expected a tile overlap of at least 0 and below tile.size.");
  range(s.tile.size == 0 || s.fit == Fit::kSquash,
        "Expected fit 'squash' with tiles: the whole image and its tiles must "
        "show the same.");
  range(
      s.bank.max_entries >= 1 && s.bank.max_entries <= 1 << 24 &&
          s.bank.share > 0 && s.bank.share <= 1,
      "Expected maxEntries from 1 to 2^24 and a share above 0 and at most 1.");
  check_features(s.features, vision.layers, "feature");
}

BankKey key_of(const Settings& s, const std::string& model) {
  return {s.features, s.features.windows ? s.scales : std::vector<int>{},
          s.mask,     s.fit,
          s.tile,     model};
}

}  // namespace

Category Engine::make_category(Settings settings, std::span<const float> normal,
                               std::span<const float> abnormal,
                               std::span<const float> descriptors,
                               std::shared_ptr<const Bank> bank) const {
  const size_t E = static_cast<size_t>(state_->info.embed_dim);
  check_settings(settings, state_->forward.vision());
  Category category;
  category.settings = std::move(settings);
  const std::span<const float> sides[2] = {normal, abnormal};
  const bool text = !normal.empty() || !abnormal.empty();
  for (int label = 0; text && label < 2; ++label) {
    const char* name = label == 0 ? "normal" : "abnormal";
    range(!sides[label].empty() && sides[label].size() % E == 0,
          std::string("Expected ") + name + " prompt embeddings as [n, " +
              std::to_string(E) + "] with n >= 1 but received " +
              std::to_string(sides[label].size()) + " numbers.");
    for (const float v : sides[label])
      range(std::isfinite(v),
            std::string("Expected finite ") + name +
                " prompt embeddings but received NaN or infinity.");
    category.prompts[label].assign(sides[label].begin(), sides[label].end());
    category.counts[label] = static_cast<int>(sides[label].size() / E);
  }
  range(descriptors.size() % E == 0,
        "Expected descriptor embeddings as [n, " + std::to_string(E) + "].");
  category.descriptors.assign(descriptors.begin(), descriptors.end());
  if (bank) {
    if (bank->key.model != state_->info.hash)
      throw Error(Code::kModelMismatch,
                  "The references were seen by another model than the one that "
                  "is open; give the pictures again, or open that model.");
    range(bank->key == key_of(category.settings, state_->info.hash),
          "Expected references seen under the category's own scales, features, "
          "mask, fit and tile.");
    category.bank = std::move(bank);
  }
  if (text && category.settings.map == MapSource::kRelevance) {
    // Without context the directions are the same for every image; any one will
    // do.
    const float* prompts[2] = {category.prompts[0].data(),
                               category.prompts[1].data()};
    const auto fixed = kernels::contextual_score(
        prompts[0], prompts, category.counts, static_cast<int>(E),
        category.settings.context);
    category.target.assign(fixed.direction.begin() + static_cast<ptrdiff_t>(E),
                           fixed.direction.end());
  }
  category.model = state_->info.hash;
  return category;
}

std::shared_ptr<BankBuilder> Engine::new_bank(const Settings& settings) const {
  check_settings(settings, state_->forward.vision());
  range(!settings.features.layers.empty() ||
            (settings.features.windows && !settings.scales.empty()),
        "Expected features for the references: layers, or windows of some "
        "scale.");
  return std::make_shared<BankBuilder>(key_of(settings, state_->info.hash),
                                       settings.bank);
}

void Engine::add_reference(BankBuilder& bank, const PixelView& image,
                           RunControl* control) {
  State& s = *state_;
  const int size = s.forward.vision().image_size;
  const BankKey& key = bank.key();
  const Picture picture(image);
  Settings settings;
  settings.features = key.features;
  settings.scales = key.scales;
  Demand demand;
  demand.add(settings);

  const Tiling tiling =
      key.tile.size > 0 ? tiles_of(picture, key.tile) : Tiling{};
  const int shown = key.tile.size > 0 ? tiling.count() : 0,
            turns = bank.settings().augment == Augment::kRotate4 ? 4 : 1;
  Batch batch(s.forward, demand, key.mask);
  const auto flush = [&] {
    batch.run(control);
    for (size_t v = 0; v < batch.size(); ++v)
      bank.add(bank_levels(batch.features(v), settings), s.pool.parallel_for());
    batch = Batch(s.forward, demand, key.mask);
  };
  for (int view = -1; view < shown; ++view) {
    auto square = view < 0 ? square_of(picture, size, key.fit)
                           : square_of(picture, tiling.box(view), size);
    for (int turn = 0; turn < turns; ++turn) {
      if (turn > 0) square = turned(square, size);
      batch.add(square);
      if (batch.size() >= s.max_batch) flush();
    }
  }
  if (batch.size() > 0) flush();
  bank.count_image();
}

Engine::BankSize Engine::size_of(const Bank& bank) {
  BankSize size{bank.images, {}};
  for (const auto& level : bank.levels) size.entries.push_back(level.count);
  return size;
}

std::shared_ptr<const Bank> Engine::finish_bank(BankBuilder& bank) {
  return bank.finish(state_->pool.parallel_for());
}

}  // namespace alfa
