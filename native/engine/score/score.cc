#include "engine/score/score.h"

#include <algorithm>
#include <limits>

#include "engine/features/bank.h"
#include "kernels/harmonic_map/harmonic_map.h"
#include "kernels/smooth/smooth.h"

namespace alfa {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kWindowsPerTask = 16;

// S_L of every window of the category's scales (eq. 11), scale by scale: each
// window against the prompts carried into its own space.
std::vector<std::vector<float>> window_scores(
    const Features& f, const Settings& settings, const float* direction,
    const kernels::ParallelFor& parallel_for) {
  const ptrdiff_t E = f.embed_dim;
  const float* value = settings.values == Values::kRaw ? f.raw_value : f.value;
  const Segments& segments = *f.segments;
  // The whole view is segment 0 in row order, so its packed row r holds row r:
  // A's rows are the window's own.
  const auto rows_of = [&](int segment) {
    const int begin =
        segments.cu[segment] + (settings.class_row ? 0 : f.prefix());
    return std::span(segments.rows.data() + begin,
                     static_cast<size_t>(segments.cu[segment + 1] - begin));
  };
  std::vector<int> windows;  // segments, scale by scale
  std::vector<std::span<const int32_t>> rows;
  for (const int k : settings.scales) {
    const int first = segments.first_window(k);
    for (int w = first; w < first + windows_of(f.grid(), k); ++w) {
      windows.push_back(w);
      rows.push_back(rows_of(w));
    }
  }
  const kernels::WindowAligner aligner(settings.aligner, settings.lambda, value,
                                       f.prefix() + f.grid() * f.grid(),
                                       f.embed_dim, direction, rows,
                                       parallel_for);
  std::vector<float> scores(windows.size());
  parallel_for(
      (windows.size() + kWindowsPerTask - 1) / kWindowsPerTask,
      [&](size_t task) {
        std::vector<float> aligned(2 * static_cast<size_t>(E));
        for (size_t w = task * kWindowsPerTask;
             w < std::min(windows.size(), (task + 1) * kWindowsPerTask); ++w) {
          if (settings.aligner != Aligner::kOff)
            aligner.align(rows[w],
                          value + (rows[w].data() - segments.rows.data()) * E,
                          aligned.data());
          const float* used =
              settings.aligner == Aligner::kOff ? direction : aligned.data();
          scores[w] =
              kernels::abnormal_probability(f.embedding + windows[w] * E, used,
                                            f.embed_dim, settings.temperature);
        }
      });
  std::vector<std::vector<float>> per_scale;
  auto at = scores.begin();
  for (const int k : settings.scales) {
    per_scale.emplace_back(at, at + windows_of(f.grid(), k));
    at += windows_of(f.grid(), k);
  }
  return per_scale;
}

// M of sec. 7; empty without windows.
std::vector<float> window_map(const Features& f, const Settings& settings,
                              const float* direction, float global_score,
                              const kernels::ParallelFor& parallel_for) {
  const int cells = f.grid() * f.grid();
  if (settings.scales.empty()) return {};
  const auto scores = window_scores(f, settings, direction, parallel_for);
  std::vector<std::vector<float>> maps;
  for (size_t s = 0; s < scores.size(); ++s)
    kernels::scale_map(scores[s].data(), f.grid(), settings.scales[s],
                       maps.emplace_back(cells).data());
  if (settings.harmonic.include_global) maps.emplace_back(cells, global_score);
  std::vector<const float*> scales;
  for (const auto& m : maps) scales.push_back(m.data());
  std::vector<float> map(static_cast<size_t>(cells));
  kernels::harmonic_mean(scales.data(), static_cast<int>(scales.size()), cells,
                         map.data());
  return map;
}

// Each patch's row against the prompts.
std::vector<float> patch_map(const Features& f, const Settings& settings,
                             const float* rows, const float* direction) {
  std::vector<float> map(static_cast<size_t>(f.grid()) * f.grid());
  for (size_t p = 0; p < map.size(); ++p)
    map[p] = kernels::abnormal_probability(
        rows + (f.prefix() + static_cast<ptrdiff_t>(p)) * f.embed_dim,
        direction, f.embed_dim, settings.temperature);
  return map;
}

std::vector<float> zero_shot_map(const Features& f, const Settings& settings,
                                 const float* direction, float global_score,
                                 const float* relevance,
                                 const kernels::ParallelFor& parallel_for) {
  std::vector<float> map;
  switch (settings.map) {
    case MapSource::kNone:
      break;
    case MapSource::kWindows:
      map = window_map(f, settings, direction, global_score, parallel_for);
      break;
    case MapSource::kValues:
      map = patch_map(f, settings,
                      settings.values == Values::kRaw ? f.raw_value : f.value,
                      direction);
      break;
    case MapSource::kPath:
      map = patch_map(f, settings, f.path, direction);
      break;
    case MapSource::kRelevance:  // a cosine's share: small, and in practice far
                                 // below 1
      for (int p = 0; p < f.grid() * f.grid(); ++p)
        map.push_back(std::min(relevance[f.prefix() + p], 1.0f));
      break;
  }
  if (map.empty() || settings.smoothing == 1) return map;
  std::vector<float> smoothed(map.size());
  kernels::smooth(map.data(), f.grid(), settings.smoothing, smoothed.data());
  return smoothed;
}

void judge_prompts(const Features& f, const Category& category,
                   const float* relevance,
                   const kernels::ParallelFor& parallel_for, Detection& d) {
  const Settings& settings = category.settings;
  const float* prompts[2] = {category.prompts[0].data(),
                             category.prompts[1].data()};
  auto context = kernels::contextual_score(
      f.embedding, prompts, category.counts, f.embed_dim, settings.context);
  d.global_score = kernels::abnormal_probability(
      f.embedding, context.direction.data(), f.embed_dim, settings.temperature);
  d.ambiguous = context.fallback[0] || context.fallback[1];
  for (int label = 0; label < 2; ++label) {
    d.kept[label] = context.kept_count[label];
    d.of[label] = category.counts[label];
  }
  d.kept_mask = std::move(context.kept);
  d.similarity = std::move(context.similarity);
  d.map = zero_shot_map(f, settings, context.direction.data(), d.global_score,
                        relevance, parallel_for);
  const bool local =
      settings.image_score == ImageScore::kMean && !d.map.empty();
  d.score =
      local
          ? (d.global_score + *std::max_element(d.map.begin(), d.map.end())) / 2
          : d.global_score;
}

}  // namespace

Detection score_view(const Features& f, const Category& category,
                     const float* relevance,
                     const kernels::ParallelFor& parallel_for) {
  const Settings& settings = category.settings;
  const bool text = category.counts[0] > 0;
  Detection d;
  d.global_score = kNone;
  d.embedding.assign(f.embedding, f.embedding + f.embed_dim);
  if (text) judge_prompts(f, category, relevance, parallel_for, d);

  if (category.bank) {
    BankScore found = score_against(*category.bank, bank_levels(f, settings),
                                    settings, f.grid(), parallel_for);
    if (text)
      d.score = (d.score + found.largest) / 2;
    else
      d.score = settings.image_score == ImageScore::kReweighted
                    ? found.reweighted
                    : found.largest;
    for (size_t p = 0; p < d.map.size(); ++p)
      d.map[p] = (d.map[p] + found.map[p]) / 2;
    if (d.map.empty()) d.map = std::move(found.map);
  }
  d.map_width = d.map_height = d.map.empty() ? 0 : f.grid();
  d.local_score =
      d.map.empty() ? kNone : *std::max_element(d.map.begin(), d.map.end());
  return d;
}

}  // namespace alfa
