// Detection in a set of images that are scored against each other.
#include <algorithm>
#include <limits>
#include <utility>

#include "engine/clock.h"
#include "engine/features/mutual_set.h"
#include "engine/score/explain.h"
#include "engine/score/resolution.h"
#include "engine/state.h"
#include "engine/validate.h"
#include "kernels/patch_features/patch_features.h"

namespace alfa {

std::shared_ptr<MutualSet> Engine::new_mutual_set(
    std::shared_ptr<const Category> category) const {
  check_range(category->model == state_->info.hash,
              "Expected a category of this engine's model but received one of "
              "another model.");
  const Settings& s = category->settings;
  check_range(
      !s.features.layers.empty() && !s.features.windows && s.tile.size == 0,
      "Expected features of layers, without windows and tiles, for "
      "images that are compared with each other.");
  const VisionTower& vision = state_->vision();
  return std::make_shared<MutualSet>(std::move(category), vision.grid,
                                     vision.width);
}

void Engine::add_to_set(MutualSet& set, const PixelView& pixels,
                        RunControl* control) {
  const Settings& settings = set.category().settings;
  MutualSet::Image image;
  image.width = pixels.width;
  image.height = pixels.height;
  auto start = Clock::now();
  FeatureRequest request;
  request.add_bank(settings);
  const auto batch = state_->backend->new_batch(request, settings.mask);
  batch->add(resize_to_square(RgbImage(pixels), state_->vision().image_size,
                              settings.fit));
  image.resize_ms = ms_since(start);
  start = Clock::now();
  batch->run(control);
  image.forward_ms = ms_since(start);
  const Features f = batch->features(0);
  for (const int layer : settings.features.layers) {
    const float* tokens = f.layer(layer);
    auto& copy = image.tokens.emplace_back(
        tokens, tokens + static_cast<ptrdiff_t>(f.patch_count()) * f.width);
    if (settings.features.standardise)
      kernels::standardise(tokens, f.grid(), f.width, copy.data());
  }
  image.embedding.assign(f.embedding, f.embedding + f.embed_dim);
  set.add(std::move(image));
}

bool Engine::compare_in_set(MutualSet& set) {
  return set.step(state_->pool.parallel_for());
}

Detection Engine::result_in_set(MutualSet& set, int index,
                                float pixel_threshold) {
  const MutualSet::Image& image = set.image(index);
  const VisionTower& vision = state_->vision();
  Detection d;
  d.score = set.score(index);
  d.global_score = std::numeric_limits<float>::quiet_NaN();
  d.embedding = image.embedding;
  d.map = set.map(index);
  d.map_width = d.map_height = vision.grid;
  d.local_score = *std::max_element(d.map.begin(), d.map.end());
  const kernels::Box view = to_resolution(d, set.category().settings, vision,
                                          image.width, image.height);
  if (pixel_threshold < std::numeric_limits<float>::infinity())
    d.regions = explain_regions(d, set.category(),
                                {box_of_view(view, image.embedding.data())},
                                pixel_threshold);
  d.resize_ms = image.resize_ms;
  d.forward_ms = image.forward_ms;
  d.score_ms = image.score_ms;
  return d;
}

void Engine::clear_set(MutualSet& set) { set.clear(); }

}  // namespace alfa
