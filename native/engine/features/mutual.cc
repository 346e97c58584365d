#include "engine/features/mutual.h"

#include <algorithm>
#include <numeric>

#include "engine/clock.h"
#include "engine/score/explain.h"
#include "engine/state.h"
#include "engine/views.h"
#include "kernels/nearest/nearest.h"
#include "kernels/patch_features/patch_features.h"

namespace alfa {
namespace {

constexpr double kLowest =
    0.3;  // share of the images that a patch's score is the mean of
constexpr int kNeighbours[] = {1, 2, 3};

}  // namespace

void MutualSet::judge(int image, int grid, int width,
                      const kernels::ParallelFor& parallel_for) {
  range(images.size() >= 2,
        "Expected at least 2 images to judge each other but received " +
            std::to_string(images.size()) + ".");
  const FeatureSettings& wanted = category.settings.features;
  const size_t cells = static_cast<size_t>(grid) * grid,
               others = images.size() - 1;
  const size_t lowest = std::max<size_t>(
      1, static_cast<size_t>(kLowest * static_cast<double>(others)));
  std::vector<double> sum(cells);
  std::vector<float> distance(others * cells), of_patch(others);
  int levels = 0;
  for (size_t layer = 0; layer < wanted.layers.size(); ++layer) {
    for (const int side : wanted.neighbourhoods) {
      ++levels;
      const auto rows = [&](const Image& i) {
        return patch_level({i.tokens[layer].data()}, grid, width, side);
      };
      const Rows query = rows(images[static_cast<size_t>(image)]);
      size_t at = 0;
      for (size_t j = 0; j < images.size(); ++j) {
        if (j == static_cast<size_t>(image)) continue;
        const Rows other = rows(images[j]);
        kernels::find_nearest(
            query.data(), query.count,
            kernels::pack_rows(other.data(), other.count, other.width),
            parallel_for, distance.data() + at++ * cells, nullptr);
      }
      for (size_t p = 0; p < cells; ++p) {
        for (size_t j = 0; j < others; ++j)
          of_patch[j] = kernels::distance_of(category.settings.bank.distance,
                                             distance[j * cells + p]);
        std::sort(of_patch.begin(), of_patch.end());
        sum[p] += std::accumulate(
                      of_patch.begin(),
                      of_patch.begin() + static_cast<ptrdiff_t>(lowest), 0.0) /
                  static_cast<double>(lowest);
      }
    }
  }
  auto& map = images[static_cast<size_t>(image)].map;
  map.resize(cells);
  for (size_t p = 0; p < cells; ++p)
    map[p] = static_cast<float>(sum[p] / levels);
}

std::vector<float> MutualSet::scores() const {
  const size_t n = images.size();
  std::vector<float> largest, scores;
  for (const Image& i : images) {
    range(!i.map.empty(),
          "Expected every image of the set to be judged first.");
    largest.push_back(*std::max_element(i.map.begin(), i.map.end()));
  }
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> like(n);
    for (size_t j = 0; j < n; ++j)
      like[j] = std::inner_product(images[i].embedding.begin(),
                                   images[i].embedding.end(),
                                   images[j].embedding.begin(), 0.0);
    std::vector<size_t> order(n);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return like[a] > like[b]; });
    double mean = 0;
    for (const int k : kNeighbours) {
      double weights = 0, sum = 0;
      for (size_t j = 0; j < std::min<size_t>(n, static_cast<size_t>(k)); ++j) {
        weights += like[order[j]];
        sum += like[order[j]] * static_cast<double>(largest[order[j]]);
      }
      mean += sum / weights / static_cast<double>(std::size(kNeighbours));
    }
    scores.push_back(static_cast<float>(std::clamp(mean, 0.0, 1.0)));
  }
  return scores;
}

std::shared_ptr<MutualSet> Engine::new_mutual_set(
    const Category& category) const {
  range(category.model == state_->info.hash,
        "Expected a category of this engine's model but received one of "
        "another model.");
  range(!category.settings.features.layers.empty() &&
            !category.settings.features.windows &&
            category.settings.tile.size == 0,
        "Expected features of layers alone, without windows and tiles, for "
        "images that judge each other.");
  return std::make_shared<MutualSet>(category);
}

void Engine::add_to_set(MutualSet& set, const PixelView& image,
                        RunControl* control) {
  State& s = *state_;
  const Settings& settings = set.category.settings;
  MutualSet::Image own;
  own.width = image.width;
  own.height = image.height;
  auto start = Clock::now();
  Demand demand;
  demand.add(settings);
  Batch batch(s.forward, demand, settings.mask);
  batch.add(
      square_of(Picture(image), s.forward.vision().image_size, settings.fit));
  own.resize_ms = ms_since(start);
  start = Clock::now();
  batch.run(control);
  own.forward_ms = ms_since(start);
  const Features f = batch.features(0);
  for (const int layer : settings.features.layers) {
    const float* tokens = f.layer(layer);
    auto& kept = own.tokens.emplace_back(
        tokens, tokens + static_cast<ptrdiff_t>(f.grid()) * f.grid() * f.width);
    if (settings.features.standardise)
      kernels::standardise(tokens, f.grid(), f.width, kept.data());
  }
  own.embedding.assign(f.embedding, f.embedding + f.embed_dim);
  set.images.push_back(std::move(own));
}

void Engine::clear_set(MutualSet& set) { set.images = {}; }

void Engine::judge_in_set(MutualSet& set, int image) {
  range(image >= 0 && image < static_cast<int>(set.images.size()),
        "Expected an image of the set.");
  const auto start = Clock::now();
  const VisionTower& vision = state_->forward.vision();
  set.judge(image, vision.grid, vision.width, state_->pool.parallel_for());
  set.images[static_cast<size_t>(image)].score_ms = ms_since(start);
}

Detection Engine::result_in_set(MutualSet& set, int image,
                                float pixel_threshold) {
  range(image >= 0 && image < static_cast<int>(set.images.size()),
        "Expected an image of the set.");
  const VisionTower& vision = state_->forward.vision();
  const MutualSet::Image& own = set.images[static_cast<size_t>(image)];
  Detection d;
  d.score = set.scores()[static_cast<size_t>(image)];
  d.global_score = std::numeric_limits<float>::quiet_NaN();
  d.embedding = own.embedding;
  d.map = own.map;
  d.map_width = d.map_height = vision.grid;
  d.local_score = *std::max_element(d.map.begin(), d.map.end());
  const auto shown =
      to_resolution(d, set.category.settings, vision, own.width, own.height);
  if (pixel_threshold < INFINITY) {
    const std::vector<Pane> panes{
        {1.0 * shown.left, 1.0 * shown.top, 1.0 * shown.left + shown.width,
         1.0 * shown.top + shown.height, own.embedding.data()}};
    d.regions = explain_regions(d, set.category, panes, pixel_threshold);
  }
  d.resize_ms = own.resize_ms;
  d.forward_ms = own.forward_ms;
  d.score_ms = own.score_ms;
  return d;
}

}  // namespace alfa
