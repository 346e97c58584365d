#include "engine/score.h"

#include <algorithm>
#include <limits>

#include "kernels/harmonic_map/harmonic_map.h"

namespace alfa {
namespace {

// S_L of windows [first, first + count) (eq. 11): each against the prompts carried into its own space.
void window_scores(const Features& f, const Settings& settings, const float* direction, int first, int count, float* scores) {
  const ptrdiff_t E = f.embed_dim;
  std::vector<float> aligned(2 * E);
  for (int w = 0; w < count; ++w) {
    const int segment = first + w;
    const float* used = direction;
    if (settings.aligner != Aligner::kOff) {
      const int begin = f.segments->cu[segment], n = f.segments->cu[segment + 1] - begin;
      // The whole image is segment 0 in row order, so its packed row r holds row r: A's rows are the window's own.
      kernels::align(settings.aligner, settings.lambda, f.value, f.segments->rows.data() + begin, f.value + begin * E, n,
                     f.embed_dim, direction, aligned.data());
      used = aligned.data();
    }
    scores[w] = kernels::abnormal_part(f.embedding + segment * E, used, f.embed_dim, settings.temperature);
  }
}

constexpr int kMostRegions = 64;

// The segment whose window overlaps the region's box best.
ptrdiff_t best_window(const Features& f, const Settings& settings, const kernels::Region& region, const kernels::Box& shown) {
  const double to_x = static_cast<double>(f.grid) / shown.width, to_y = static_cast<double>(f.grid) / shown.height;
  const double left = (region.left - shown.left) * to_x, right = left + region.width * to_x;
  const double top = (region.top - shown.top) * to_y, bottom = top + region.height * to_y;
  ptrdiff_t best = 0, segment = 1;
  double best_share = -1;
  for (const int k : settings.scales) {
    for (int y = 0; y + k <= f.grid; ++y) {
      for (int x = 0; x + k <= f.grid; ++x, ++segment) {
        const double w = std::min(right, x + k + 0.0) - std::max(left, x + 0.0), h = std::min(bottom, y + k + 0.0) - std::max(top, y + 0.0);
        const double overlap = std::max(w, 0.0) * std::max(h, 0.0);
        const double share = overlap / ((right - left) * (bottom - top) + k * k - overlap);
        if (share > best_share) {
          best_share = share;
          best = segment;
        }
      }
    }
  }
  return best;
}

}  // namespace

Detection score_image(const Features& f, const Category& category) {
  const Settings& settings = category.settings;
  const float* prompts[2] = {category.prompts[0].data(), category.prompts[1].data()};
  auto context = kernels::contextual_score(f.embedding, prompts, category.counts, f.embed_dim, settings.context);

  Detection d;
  d.global_score = kernels::abnormal_part(f.embedding, context.direction.data(), f.embed_dim, settings.temperature);
  d.ambiguous = context.fallback[0] || context.fallback[1];
  for (int label = 0; label < 2; ++label) {
    d.kept[label] = context.kept_count[label];
    d.of[label] = category.counts[label];
  }
  d.kept_mask = std::move(context.kept);
  d.similarity = std::move(context.similarity);
  d.embedding.assign(f.embedding, f.embedding + f.embed_dim);

  const int cells = f.grid * f.grid;
  std::vector<std::vector<float>> maps;
  int segment = 1;
  for (const int k : settings.scales) {
    const int count = windows_of(f.grid, k);
    std::vector<float> scores(count);
    window_scores(f, settings, context.direction.data(), segment, count, scores.data());
    segment += count;
    kernels::scale_map(scores.data(), f.grid, k, maps.emplace_back(cells).data());
  }
  if (maps.empty()) {
    d.local_score = std::numeric_limits<float>::quiet_NaN();
    d.score = d.global_score;
    return d;
  }
  if (settings.include_global) maps.emplace_back(cells, d.global_score);
  std::vector<const float*> scales;
  for (const auto& m : maps) scales.push_back(m.data());
  d.map.resize(cells);
  d.map_width = d.map_height = f.grid;
  kernels::harmonic_mean(scales.data(), static_cast<int>(scales.size()), cells, d.map.data());
  d.local_score = *std::max_element(d.map.begin(), d.map.end());
  d.score = settings.image_score == ImageScore::kGlobal ? d.global_score : (d.global_score + d.local_score) / 2;
  return d;
}

std::vector<RegionReasons> explain_regions(const Features& f, const Category& category, const Detection& d,
                                           const kernels::Box& shown, float threshold) {
  std::vector<RegionReasons> all;
  for (const auto& region : kernels::find_regions(d.map.data(), d.map_width, d.map_height, threshold, kMostRegions)) {
    RegionReasons reasons{region, {}};
    const float* window = f.embedding + best_window(f, category.settings, region, shown) * f.embed_dim;
    for (size_t at = 0; at < category.descriptors.size(); at += static_cast<size_t>(f.embed_dim)) {
      float similarity = 0;
      for (int e = 0; e < f.embed_dim; ++e) similarity += window[e] * category.descriptors[at + static_cast<size_t>(e)];
      reasons.similarity.push_back(similarity);
    }
    all.push_back(std::move(reasons));
  }
  return all;
}

}  // namespace alfa
