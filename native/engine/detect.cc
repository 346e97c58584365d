// Jobs to detections: each job's views (the whole image, its tiles) run batch by batch, each view's features serve all of
// the job's categories that share it, and what tiles say is gathered into one map.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "engine/bank.h"
#include "engine/explain.h"
#include "engine/score.h"
#include "engine/state.h"
#include "engine/tiles.h"
#include "engine/views.h"

namespace alfa {
namespace {

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

// Categories of one job that look at the same views.
struct Group {
  size_t job;
  Fit fit;
  Mask mask;
  Tile tile;
  std::vector<size_t> parts;
  Demand demand;
  Tiling tiling;                                  // empty without tiles
  std::vector<std::optional<TileBlend>> blends;   // [parts], where they have a map
  std::vector<std::vector<float>> whole_maps;     // [parts], the whole view's, on the grid
  std::vector<float> tile_embeddings;             // [tiles, E]
  std::vector<float> window_embeddings;           // of the whole view, for reasons
};

struct View {
  size_t group;
  int tile;  // -1: the whole image
};

bool same_forward(const Group& a, const Group& b) {
  return a.mask == b.mask && a.demand.scales == b.demand.scales && a.demand.outputs.covers(b.demand.outputs) && b.demand.outputs.covers(a.demand.outputs);
}

std::vector<Group> groups_of(std::span<const Job> jobs) {
  std::vector<Group> groups;
  for (size_t j = 0; j < jobs.size(); ++j) {
    const size_t first = groups.size();
    for (size_t p = 0; p < jobs[j].parts.size(); ++p) {
      const Settings& s = jobs[j].parts[p].category->settings;
      size_t g = first;
      while (g < groups.size() && !(groups[g].fit == s.fit && groups[g].mask == s.mask && groups[g].tile == s.tile)) ++g;
      if (g == groups.size()) groups.push_back({j, s.fit, s.mask, s.tile, {}, {}, {}, {}, {}, {}, {}});
      groups[g].parts.push_back(p);
      groups[g].demand.add(*jobs[j].parts[p].category);
    }
  }
  return groups;
}

}  // namespace

std::vector<std::vector<Detection>> Engine::detect(std::span<const Job> jobs, RunControl* control) {
  State& s = *state_;
  const VisionTower& vision = s.forward.vision();
  const size_t E = static_cast<size_t>(s.info.embed_dim);
  for (const Job& job : jobs)
    for (const Job::Part& part : job.parts)
      range(part.category->model == s.info.hash, "Expected a category of this engine's model but received one of another model.");

  std::vector<std::vector<Detection>> results;
  std::vector<Picture> pictures;
  std::vector<double> resize_ms, forward_ms(jobs.size());
  for (const Job& job : jobs) {
    const auto start = Clock::now();
    results.emplace_back(job.parts.size());
    pictures.emplace_back(job.image);
    resize_ms.push_back(ms_since(start));
  }
  std::vector<Group> groups = groups_of(jobs);
  std::vector<View> views;
  for (size_t g = 0; g < groups.size(); ++g) {
    Group& group = groups[g];
    views.push_back({g, -1});
    if (group.tile.size == 0) continue;
    group.tiling = tiles_of(pictures[group.job], group.tile);
    group.tile_embeddings.resize(static_cast<size_t>(group.tiling.count()) * E);
    group.blends.resize(group.parts.size());
    group.whole_maps.resize(group.parts.size());
    for (int t = 0; t < group.tiling.count(); ++t) views.push_back({g, t});
  }

  // The whole view of a tiled image: its map waits for the tiles'.
  const auto keep_whole = [&](Group& group, size_t p, const Features& f, const Category& category, Detection& d) {
    if (d.map.empty()) return;
    const PixelView& image = jobs[group.job].image;
    const Resolution r = category.settings.resolution;
    const int width = r == Resolution::kImage ? image.width : r == Resolution::kModel ? vision.image_size : vision.grid;
    const int height = r == Resolution::kImage ? image.height : width;
    group.blends[p].emplace(group.tiling, pictures[group.job], width, height);
    group.whole_maps[p] = std::move(d.map);
    if (group.window_embeddings.empty())
      group.window_embeddings.assign(f.embedding, f.embedding + static_cast<ptrdiff_t>(f.segments->count()) * f.embed_dim);
  };

  for (size_t first = 0; first < views.size();) {
    size_t last = first + 1;
    while (last < views.size() && last - first < s.max_batch && same_forward(groups[views[first].group], groups[views[last].group])) ++last;
    Batch batch(s.forward, groups[views[first].group].demand, groups[views[first].group].mask);
    std::vector<std::vector<size_t>> targets;  // [views of the batch][parts]
    for (size_t v = first; v < last; ++v) {
      const auto start = Clock::now();
      Group& group = groups[views[v].group];
      const Picture& picture = pictures[group.job];
      const size_t view = batch.add(views[v].tile < 0 ? square_of(picture, vision.image_size, group.fit)
                                                      : square_of(picture, group.tiling.box(views[v].tile), vision.image_size));
      auto& own = targets.emplace_back();
      for (const size_t p : group.parts) {
        const auto& target = jobs[group.job].parts[p].category->target;
        own.push_back(target.empty() ? 0 : batch.target(view, target));
      }
      resize_ms[group.job] += ms_since(start);
    }
    const auto start = Clock::now();
    batch.run(control);
    const double took = ms_since(start);
    for (size_t v = first; v < last; ++v)  // a job's share is the whole of every batch that it was in
      if (v == first || groups[views[v].group].job != groups[views[v - 1].group].job) forward_ms[groups[views[v].group].job] += took;

    for (size_t v = first; v < last; ++v) {
      Group& group = groups[views[v].group];
      const Features f = batch.features(v - first);
      for (size_t i = 0; i < group.parts.size(); ++i) {
        const auto score_start = Clock::now();
        const Job::Part& part = jobs[group.job].parts[group.parts[i]];
        const Category& category = *part.category;
        Detection& d = results[group.job][group.parts[i]];
        Detection seen = score_view(f, category, category.target.empty() ? nullptr : batch.relevance(targets[v - first][i]), s.pool.parallel_for());
        if (views[v].tile >= 0) {
          d.score = std::max(d.score, seen.score);
          d.local_score = std::fmax(d.local_score, seen.local_score);
          if (group.blends[i]) group.blends[i]->add(views[v].tile, seen.map, f.grid());
          std::copy_n(f.embedding, E, group.tile_embeddings.data() + static_cast<size_t>(views[v].tile) * E);
        } else {
          d = std::move(seen);
          if (group.tile.size > 0) keep_whole(group, i, f, category, d);
          else if (!d.map.empty()) {
            const auto shown = to_resolution(d, category.settings, vision, jobs[group.job].image.width, jobs[group.job].image.height);
            if (part.pixel_threshold < INFINITY) d.regions = explain_regions(d, category, window_panes(f, f.segments->scales, shown), part.pixel_threshold);
          }
        }
        d.score_ms += ms_since(score_start);
      }
    }
    first = last;
  }

  for (Group& group : groups) {
    for (size_t i = 0; i < group.blends.size(); ++i) {
      if (!group.blends[i]) continue;
      const auto start = Clock::now();
      const Job::Part& part = jobs[group.job].parts[group.parts[i]];
      Detection& d = results[group.job][group.parts[i]];
      const Picture& picture = pictures[group.job];
      const Resolution r = part.category->settings.resolution;
      d.map_width = r == Resolution::kImage ? picture.width : r == Resolution::kModel ? vision.image_size : vision.grid;
      d.map_height = r == Resolution::kImage ? picture.height : d.map_width;
      d.map = group.blends[i]->finish(group.whole_maps[i], vision.grid);
      if (part.pixel_threshold < INFINITY) {
        const Segments layout = image_segments(vision.grid, vision.prefix, group.demand.scales);
        Features f;
        f.embedding = group.window_embeddings.data();
        f.segments = &layout;
        f.embed_dim = s.info.embed_dim;
        auto panes = window_panes(f, layout.scales, {0, 0, d.map_width, d.map_height});
        const double to_x = static_cast<double>(d.map_width) / picture.width, to_y = static_cast<double>(d.map_height) / picture.height;
        for (int t = 0; t < group.tiling.count(); ++t) {
          const kernels::Box b = group.tiling.box(t);
          panes.push_back({b.left * to_x, b.top * to_y, (b.left + b.width) * to_x, (b.top + b.height) * to_y, group.tile_embeddings.data() + static_cast<size_t>(t) * E});
        }
        d.regions = explain_regions(d, *part.category, panes, part.pixel_threshold);
      }
      d.score_ms += ms_since(start);
    }
  }
  for (size_t j = 0; j < jobs.size(); ++j) {
    for (Detection& d : results[j]) {
      d.resize_ms = resize_ms[j];
      d.forward_ms = forward_ms[j];
    }
  }
  return results;
}

}  // namespace alfa
