// Jobs to detections: each job's views (the whole image, its tiles) run batch
// by batch, each view's features serve all of the job's categories that share
// it, and what tiles say is gathered into one map.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/clock.h"
#include "engine/features/bank.h"
#include "engine/score/explain.h"
#include "engine/score/score.h"
#include "engine/score/tiles.h"
#include "engine/state.h"
#include "engine/views.h"

namespace alfa {
namespace {

// Enough rows to fill the products; with more, what lies between them leaves
// the caches (bench/RESULTS.md: a tenth slower).
constexpr int64_t kRowsPerForward = 4096;

// Categories of one job that look at the same views.
struct Group {
  size_t job;
  Fit fit;
  Mask mask;
  Tile tile;
  std::vector<size_t> parts;
  Demand demand;
  Tiling tiling;  // empty without tiles
  std::vector<std::optional<TileBlend>>
      blends;  // [parts], where they have a map
  std::vector<std::vector<float>>
      whole_maps;                      // [parts], the whole view's, on the grid
  std::vector<float> tile_embeddings;  // [tiles, E]
  std::vector<float> window_embeddings;  // of the whole view, for reasons
};

struct View {
  size_t group;
  int tile;  // -1: the whole image
};

bool same_forward(const Group& a, const Group& b) {
  return a.mask == b.mask && a.demand.scales == b.demand.scales &&
         a.demand.outputs == b.demand.outputs;
}

std::vector<Group> groups_of(std::span<const Job> jobs) {
  std::vector<Group> groups;
  for (size_t j = 0; j < jobs.size(); ++j) {
    const size_t first = groups.size();
    for (size_t p = 0; p < jobs[j].parts.size(); ++p) {
      const Settings& s = jobs[j].parts[p].category->settings;
      size_t g = first;
      while (g < groups.size() &&
             !(groups[g].fit == s.fit && groups[g].mask == s.mask &&
               groups[g].tile == s.tile))
        ++g;
      if (g == groups.size())
        groups.push_back(
            {j, s.fit, s.mask, s.tile, {}, {}, {}, {}, {}, {}, {}});
      groups[g].parts.push_back(p);
      groups[g].demand.add(*jobs[j].parts[p].category);
    }
  }
  return groups;
}

// One call of Engine::detect.
class Run {
 public:
  Run(Forward& forward, Pool& pool, size_t max_batch,
      std::span<const Job> jobs);
  std::vector<std::vector<Detection>> detect(RunControl* control);

 private:
  struct Size {
    int width, height;
  };
  void run_batch(size_t first, size_t last,
                 RunControl* control);  // views [first, last)
  void keep(const View& view, size_t part, Batch& batch, size_t index,
            Detection seen);
  void keep_whole(Group& group, size_t part, Batch& batch, size_t index,
                  Detection& d);
  void finish_tiles(Group& group, size_t part);
  std::vector<Pane> panes(const Group& group, const Detection& d) const;
  Size blended_size(const Group& group, const Category& category) const;

  const Job::Part& part_of(const Group& group, size_t part) const {
    return jobs_[group.job].parts[group.parts[part]];
  }
  Detection& result_of(const Group& group, size_t part) {
    return results_[group.job][group.parts[part]];
  }

  Forward& forward_;
  const VisionTower& vision_;
  const kernels::ParallelFor& parallel_for_;
  size_t max_batch_;
  std::span<const Job> jobs_;
  std::vector<Picture> pictures_;  // per job, as are the times
  std::vector<double> resize_ms_, forward_ms_;
  std::vector<Group> groups_;
  std::vector<View> views_;
  std::vector<std::vector<Detection>> results_;  // [jobs][parts]
};

Run::Run(Forward& forward, Pool& pool, size_t max_batch,
         std::span<const Job> jobs)
    : forward_(forward),
      vision_(forward.vision()),
      parallel_for_(pool.parallel_for()),
      max_batch_(max_batch),
      jobs_(jobs),
      forward_ms_(jobs.size()),
      groups_(groups_of(jobs)) {
  for (const Job& job : jobs) {
    const auto start = Clock::now();
    results_.emplace_back(job.parts.size());
    pictures_.emplace_back(job.image);
    resize_ms_.push_back(ms_since(start));
  }
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    views_.push_back({g, -1});
    if (group.tile.size == 0) continue;
    group.tiling = tiles_of(pictures_[group.job], group.tile);
    group.tile_embeddings.resize(
        static_cast<size_t>(group.tiling.count()) *
        static_cast<size_t>(forward.architecture().embed_dim));
    group.blends.resize(group.parts.size());
    group.whole_maps.resize(group.parts.size());
    for (int t = 0; t < group.tiling.count(); ++t) views_.push_back({g, t});
  }
}

std::vector<std::vector<Detection>> Run::detect(RunControl* control) {
  for (size_t first = 0, last; first < views_.size(); first = last) {
    last = first + 1;
    const int64_t rows = rows_of(vision_.grid, vision_.prefix,
                                 groups_[views_[first].group].demand.scales);
    const auto most =
        forward_.gpu()
            ? max_batch_
            : std::clamp<size_t>(static_cast<size_t>(kRowsPerForward / rows), 1,
                                 max_batch_);
    while (
        last < views_.size() && last - first < most &&
        same_forward(groups_[views_[first].group], groups_[views_[last].group]))
      ++last;
    run_batch(first, last, control);
  }
  for (Group& group : groups_)
    for (size_t p = 0; p < group.blends.size(); ++p)
      if (group.blends[p]) finish_tiles(group, p);
  for (size_t j = 0; j < results_.size(); ++j) {
    for (Detection& d : results_[j]) {
      d.resize_ms = resize_ms_[j];
      d.forward_ms = forward_ms_[j];
    }
  }
  return std::move(results_);
}

void Run::run_batch(size_t first, size_t last, RunControl* control) {
  Batch batch(forward_, groups_[views_[first].group].demand,
              groups_[views_[first].group].mask);
  std::vector<std::vector<size_t>> targets;  // [views of the batch][parts]
  for (size_t v = first; v < last; ++v) {
    const auto start = Clock::now();
    const Group& group = groups_[views_[v].group];
    const Picture& picture = pictures_[group.job];
    const size_t view =
        views_[v].tile < 0
            ? batch.add(picture, group.fit)
            : batch.add(picture, group.tiling.box(views_[v].tile));
    auto& own = targets.emplace_back();
    for (size_t p = 0; p < group.parts.size(); ++p) {
      const auto& target = part_of(group, p).category->target;
      own.push_back(target.empty() ? 0 : batch.target(view, target));
    }
    resize_ms_[group.job] += ms_since(start);
  }
  batch.run(control);
  size_t parts = 0;
  for (size_t v = first; v < last; ++v)
    parts = std::max(parts, groups_[views_[v].group].parts.size());
  for (size_t p = 0; p < parts;
       ++p) {  // every view's part p, neighbours of one category together
    const auto category_at = [&](size_t v) {
      const Group& group = groups_[views_[v].group];
      return p < group.parts.size() ? part_of(group, p).category : nullptr;
    };
    for (size_t v = first, next; v < last; v = next) {
      const Category* category = category_at(v);
      for (next = v + 1; next < last && category_at(next) == category;) ++next;
      if (!category) continue;
      std::vector<Detection> seen = batch.score(v - first, next - v, *category);
      for (size_t i = v; i < next; ++i) {
        const auto start = Clock::now();
        const float* relevance = category->target.empty()
                                     ? nullptr
                                     : batch.relevance(targets[i - first][p]);
        Detection d = seen.empty()
                          ? score_view(batch.features(i - first), *category,
                                       relevance, parallel_for_)
                          : std::move(seen[i - v]);
        const double of_device = std::exchange(d.score_ms, 0);
        keep(views_[i], p, batch, i - first, std::move(d));
        result_of(groups_[views_[i].group], p).score_ms +=
            ms_since(start) + of_device;
      }
    }
  }
  for (size_t v = first; v < last;
       ++v) {  // a job's share is the whole of every batch that it was in
    const size_t job = groups_[views_[v].group].job;
    if (v > first && job == groups_[views_[v - 1].group].job) continue;
    forward_ms_[job] += batch.forward_ms();
    resize_ms_[job] += batch.resize_ms();
  }
}

// What was seen in a view goes into its job's result.
void Run::keep(const View& view, size_t p, Batch& batch, size_t index,
               Detection seen) {
  Group& group = groups_[view.group];
  const Job::Part& part = part_of(group, p);
  Detection& d = result_of(group, p);
  const ptrdiff_t E = forward_.architecture().embed_dim;
  if (view.tile >= 0) {
    d.score = std::max(d.score, seen.score);
    d.local_score = std::fmax(d.local_score, seen.local_score);
    if (group.blends[p])
      group.blends[p]->add(view.tile, seen.map, vision_.grid);
    std::copy_n(
        seen.embedding.data(), E,
        group.tile_embeddings.data() + static_cast<ptrdiff_t>(view.tile) * E);
    return;
  }
  d = std::move(seen);
  if (group.tile.size > 0) {
    keep_whole(group, p, batch, index, d);
  } else if (!d.map.empty()) {
    const PixelView& image = jobs_[group.job].image;
    const auto shown = to_resolution(d, part.category->settings, vision_,
                                     image.width, image.height);
    if (part.pixel_threshold < INFINITY) {
      const Features f = batch.windows(index);
      d.regions = explain_regions(d, *part.category,
                                  window_panes(f, f.segments->scales, shown),
                                  part.pixel_threshold);
    }
  }
}

Run::Size Run::blended_size(const Group& group,
                            const Category& category) const {
  const Picture& picture = pictures_[group.job];
  switch (category.settings.resolution) {
    case Resolution::kGrid:
      return {vision_.grid, vision_.grid};
    case Resolution::kModel:
      return {vision_.image_size, vision_.image_size};
    case Resolution::kImage:
      break;
  }
  return {picture.width, picture.height};
}

// The whole view of a tiled image: its map waits for the tiles'.
void Run::keep_whole(Group& group, size_t p, Batch& batch, size_t index,
                     Detection& d) {
  if (d.map.empty()) return;
  const Size size = blended_size(group, *part_of(group, p).category);
  group.blends[p].emplace(group.tiling, pictures_[group.job], size.width,
                          size.height);
  group.whole_maps[p] = std::move(d.map);
  if (!group.window_embeddings.empty()) return;
  const Features f = batch.windows(index);
  group.window_embeddings.assign(
      f.embedding,
      f.embedding + static_cast<ptrdiff_t>(f.segments->count()) * f.embed_dim);
}

void Run::finish_tiles(Group& group, size_t p) {
  const auto start = Clock::now();
  const Job::Part& part = part_of(group, p);
  Detection& d = result_of(group, p);
  const Size size = blended_size(group, *part.category);
  d.map = group.blends[p]->finish(group.whole_maps[p], vision_.grid);
  d.map_width = size.width;
  d.map_height = size.height;
  if (part.pixel_threshold < INFINITY)
    d.regions = explain_regions(d, *part.category, panes(group, d),
                                part.pixel_threshold);
  d.score_ms += ms_since(start);
}

// The windows of the whole view, and every tile by its own embedding.
std::vector<Pane> Run::panes(const Group& group, const Detection& d) const {
  const Segments layout =
      image_segments(vision_.grid, vision_.prefix, group.demand.scales);
  Features f;
  f.embedding = group.window_embeddings.data();
  f.segments = &layout;
  f.embed_dim = forward_.architecture().embed_dim;
  auto panes =
      window_panes(f, layout.scales, {0, 0, d.map_width, d.map_height});
  const Picture& picture = pictures_[group.job];
  const double to_x = static_cast<double>(d.map_width) / picture.width,
               to_y = static_cast<double>(d.map_height) / picture.height;
  for (int t = 0; t < group.tiling.count(); ++t) {
    const kernels::Box b = group.tiling.box(t);
    panes.push_back({b.left * to_x, b.top * to_y, (b.left + b.width) * to_x,
                     (b.top + b.height) * to_y,
                     group.tile_embeddings.data() +
                         static_cast<ptrdiff_t>(t) * f.embed_dim});
  }
  return panes;
}

}  // namespace

std::vector<std::vector<Detection>> Engine::detect(std::span<const Job> jobs,
                                                   RunControl* control) {
  for (const Job& job : jobs)
    for (const Job::Part& part : job.parts)
      range(part.category->model == state_->info.hash,
            "Expected a category of this engine's model but received one of "
            "another model.");
  return Run(state_->forward, state_->pool, state_->max_batch, jobs)
      .detect(control);
}

void Engine::warm_up(const Category& category, RunControl* control) {
  const bool gpu = state_->forward.gpu();
  const int side = std::max(state_->forward.vision().image_size,
                            category.settings.tile.size);
  const std::vector<uint8_t> grey(
      3 * static_cast<size_t>(side) * static_cast<size_t>(side), 128);
  const Job job{{grey.data(), side, side, 3}, {{&category, INFINITY}}};
  // A GPU has graphs for each size: the forward's is recorded by its first run,
  // the scoring's by its second.
  for (size_t count = 1; count <= (gpu ? state_->max_batch : 1); ++count)
    for (int run = 0; run < (gpu ? 2 : 1); ++run)
      detect(std::vector<Job>(count, job), control);
}

}  // namespace alfa
