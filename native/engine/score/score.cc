#include "engine/score/score.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "engine/clock.h"
#include "engine/features/bank.h"
#include "kernels/harmonic_map/harmonic_map.h"
#include "kernels/smooth/smooth.h"

namespace alfa {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kWindowsPerTask = 16;

// The packed rows of a window that the aligner uses, as row numbers of the
// view.
std::span<const int32_t> window_rows(const Features& f, size_t segment,
                                     bool class_row) {
  const Segments& s = *f.segments;
  const auto begin = static_cast<size_t>(s.cu_seqlens[segment]) +
                     (class_row ? 0 : static_cast<size_t>(f.prefix()));
  const auto end = static_cast<size_t>(s.cu_seqlens[segment + 1]);
  return std::span(s.rows).subspan(begin, end - begin);
}

// S_L of the windows of all scales (eq. 11), scale by scale: each window
// against the prompt directions that the aligner carries into the window's
// space.
std::vector<float> window_scores(const Features& f, const Settings& settings,
                                 const float* direction,
                                 const kernels::ParallelFor& parallel_for) {
  const ptrdiff_t E = f.embed_dim;
  const float* value = settings.values == Values::kRaw ? f.raw_value : f.value;
  std::vector<int> windows;  // their segments
  std::vector<std::span<const int32_t>> rows;
  for (const int scale : settings.scales) {
    const int first = f.segments->first_window(scale);
    for (int w = first; w < first + windows_of(f.grid(), scale); ++w) {
      windows.push_back(w);
      rows.push_back(
          window_rows(f, static_cast<size_t>(w), settings.class_row));
    }
  }
  // Segment 0 is the whole view in row order. So row r of A, the values of the
  // whole view, is packed row r.
  const kernels::WindowAligner aligner(settings.aligner, settings.lambda, value,
                                       f.prefix() + f.grid() * f.grid(),
                                       f.embed_dim, direction, rows,
                                       parallel_for);
  std::vector<float> scores(windows.size());
  const auto score = [&](size_t w, std::vector<float>& aligned) {
    const float* used = direction;
    if (settings.aligner != Aligner::kOff) {
      const ptrdiff_t packed = rows[w].data() - f.segments->rows.data();
      aligner.align(rows[w], value + packed * E, aligned.data());
      used = aligned.data();
    }
    scores[w] = kernels::abnormal_probability(
        f.embedding + windows[w] * E, used, f.embed_dim, settings.temperature);
  };
  const size_t tasks = (windows.size() + kWindowsPerTask - 1) / kWindowsPerTask;
  parallel_for(tasks, [&](size_t task) {
    std::vector<float> aligned(2 * static_cast<size_t>(E));
    const size_t end = std::min(windows.size(), (task + 1) * kWindowsPerTask);
    for (size_t w = task * kWindowsPerTask; w < end; ++w) score(w, aligned);
  });
  return scores;
}

// The map M (docs/method.md, step 10): the harmonic mean of the maps of all
// scales. Empty without scales.
std::vector<float> window_map(const Features& f, const Settings& settings,
                              const float* direction, float global_score,
                              const kernels::ParallelFor& parallel_for) {
  if (settings.scales.empty()) return {};
  const int patches = f.patch_count();
  const std::vector<float> scores =
      window_scores(f, settings, direction, parallel_for);
  std::vector<std::vector<float>> maps;
  const float* of_scale = scores.data();
  for (const int scale : settings.scales) {
    auto& map = maps.emplace_back(static_cast<size_t>(patches));
    kernels::scale_map(of_scale, f.grid(), scale, map.data());
    of_scale += windows_of(f.grid(), scale);
  }
  if (settings.harmonic.include_global)
    maps.emplace_back(static_cast<size_t>(patches), global_score);
  std::vector<const float*> scales;
  for (const auto& map : maps) scales.push_back(map.data());
  std::vector<float> map(static_cast<size_t>(patches));
  kernels::harmonic_mean(scales.data(), static_cast<int>(scales.size()),
                         patches, map.data());
  return map;
}

// The map of rows [R, E]: the row of each patch against the prompt directions.
std::vector<float> patch_map(const Features& f, const Settings& settings,
                             const float* rows, const float* direction) {
  std::vector<float> map(static_cast<size_t>(f.patch_count()));
  for (size_t p = 0; p < map.size(); ++p)
    map[p] = kernels::abnormal_probability(
        rows + (f.prefix() + static_cast<ptrdiff_t>(p)) * f.embed_dim,
        direction, f.embed_dim, settings.temperature);
  return map;
}

std::vector<float> relevance_map(const Features& f, const float* relevance) {
  const float* patches = relevance + f.prefix();
  std::vector<float> map(patches, patches + f.patch_count());
  // The relevance of a patch is a part of a cosine, so it is small in practice.
  for (float& v : map) v = std::min(v, 1.0f);
  return map;
}

std::vector<float> zero_shot_map(const Features& f, const Settings& settings,
                                 const float* direction, float global_score,
                                 const float* relevance,
                                 const kernels::ParallelFor& parallel_for) {
  switch (settings.map) {
    case MapSource::kNone:
      return {};
    case MapSource::kWindows:
      return window_map(f, settings, direction, global_score, parallel_for);
    case MapSource::kValues:
      return patch_map(f, settings,
                       settings.values == Values::kRaw ? f.raw_value : f.value,
                       direction);
    case MapSource::kPath:
      return patch_map(f, settings, f.path, direction);
    case MapSource::kRelevance:
      return relevance_map(f, relevance);
  }
  return {};
}

std::vector<float> smooth(std::vector<float> map, int grid, int side) {
  if (map.empty() || side == 1) return map;
  std::vector<float> smoothed(map.size());
  kernels::smooth(map.data(), grid, side, smoothed.data());
  return smoothed;
}

float maximum(const std::vector<float>& map) {
  return *std::max_element(map.begin(), map.end());
}

// Scores the view against the prompts, without the memory bank.
void score_prompts(const Features& f, const Category& category,
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
  std::copy_n(context.kept_count, 2, d.kept);
  std::copy_n(category.counts, 2, d.of);
  d.kept_mask = std::move(context.kept);
  d.similarity = std::move(context.similarity);
  d.map = smooth(zero_shot_map(f, settings, context.direction.data(),
                               d.global_score, relevance, parallel_for),
                 f.grid(), settings.smoothing);
  d.score = d.global_score;
  if (settings.image_score == ImageScore::kMean && !d.map.empty())
    d.score = (d.global_score + maximum(d.map)) / 2;
}

// Combines the score and map with those of the memory bank (docs/method.md,
// "Reference images").
void add_bank(const Features& f, const Category& category, bool text,
              const kernels::ParallelFor& parallel_for, Detection& d) {
  const Settings& settings = category.settings;
  BankScore bank = score_against(*category.bank, bank_levels(f, settings),
                                 settings, f.grid(), parallel_for);
  if (text)
    d.score = (d.score + bank.largest) / 2;
  else if (settings.image_score == ImageScore::kReweighted)
    d.score = bank.reweighted;
  else
    d.score = bank.largest;
  for (size_t p = 0; p < d.map.size(); ++p)
    d.map[p] = (d.map[p] + bank.map[p]) / 2;
  if (d.map.empty()) d.map = std::move(bank.map);
}

}  // namespace

Detection score_view(const Features& f, const Category& category,
                     const float* relevance,
                     const kernels::ParallelFor& parallel_for) {
  const auto start = Clock::now();
  const bool text = category.counts[0] > 0;
  Detection d;
  d.global_score = kNone;
  d.local_score = kNone;
  d.embedding.assign(f.embedding, f.embedding + f.embed_dim);
  if (text) score_prompts(f, category, relevance, parallel_for, d);
  if (category.bank) add_bank(f, category, text, parallel_for, d);
  if (!d.map.empty()) {
    d.map_width = d.map_height = f.grid();
    d.local_score = maximum(d.map);
  }
  d.score_ms = ms_since(start);
  return d;
}

}  // namespace alfa
