// Requests to detections. The views of all requests (whole images and tiles)
// run batch by batch. The features of a view serve all categories of a request
// that need the same view.
#include <algorithm>
#include <limits>
#include <utility>

#include "engine/clock.h"
#include "engine/score/explain.h"
#include "engine/score/resolution.h"
#include "engine/score/tiled_map.h"
#include "engine/state.h"
#include "engine/validate.h"

namespace alfa {
namespace {

// The categories of one request that need the same views.
struct Group {
  size_t request;
  Fit fit;
  Mask mask;
  Tile tile;
  std::vector<size_t> parts;  // of the request
  FeatureRequest features;
  Tiling tiling;  // empty without tiles
  // With tiles. [parts], and what the parts share.
  std::vector<TiledMap> maps;
  TileEmbeddings embeddings;
};

struct View {
  size_t group;
  int tile;  // -1: the whole image
};

bool share_forward(const Group& a, const Group& b) {
  return a.mask == b.mask && a.features == b.features;
}

// The group of the settings' views among groups [first, end), added if absent.
Group& find_group(std::vector<Group>& groups, size_t first, size_t request,
                  const Settings& s) {
  for (size_t g = first; g < groups.size(); ++g)
    if (groups[g].fit == s.fit && groups[g].mask == s.mask &&
        groups[g].tile == s.tile)
      return groups[g];
  groups.push_back({request, s.fit, s.mask, s.tile, {}, {}, {}, {}, {}});
  return groups.back();
}

std::vector<Group> make_groups(std::span<const DetectRequest> requests) {
  std::vector<Group> groups;
  for (size_t r = 0; r < requests.size(); ++r) {
    const size_t first = groups.size();
    for (size_t p = 0; p < requests[r].parts.size(); ++p) {
      const Category& category = *requests[r].parts[p].category;
      Group& group = find_group(groups, first, r, category.settings);
      group.parts.push_back(p);
      group.features.add(category);
    }
  }
  return groups;
}

// One call of Engine::detect.
class DetectionPass {
 public:
  DetectionPass(Backend& backend, const Architecture& architecture,
                std::span<const DetectRequest> requests);
  std::vector<std::vector<Detection>> detect(RunControl* control);

 private:
  using CategoryPointer = std::shared_ptr<const Category>;

  // In all of these, `part` is an index into Group::parts.
  size_t end_of_batch(size_t first) const;
  void run_batch(size_t first, size_t end, RunControl* control);
  void add_view(Batch& batch, const View& view);
  void score_part(Batch& batch, size_t first, size_t end, size_t part);
  void add_timings(const Batch& batch, size_t first, size_t end);
  void store(const View& view, size_t part, Batch& batch, size_t index,
             Detection seen);
  void finish_tiles(Group& group, size_t part);

  const DetectRequest::Part& part_of(const Group& group, size_t part) const {
    return requests_[group.request].parts[group.parts[part]];
  }
  CategoryPointer category_of(size_t view, size_t part) const {
    const Group& group = groups_[views_[view].group];
    return part < group.parts.size() ? part_of(group, part).category : nullptr;
  }
  Detection& result_of(const Group& group, size_t part) {
    return results_[group.request][group.parts[part]];
  }

  Backend& backend_;
  const VisionTower& vision_;
  int embed_dim_;
  std::span<const DetectRequest> requests_;
  // For each request.
  std::vector<RgbImage> images_;
  std::vector<double> resize_ms_, forward_ms_;
  std::vector<std::vector<Detection>> results_;  // [requests][parts]

  std::vector<Group> groups_;
  std::vector<View> views_;  // group by group
};

DetectionPass::DetectionPass(Backend& backend, const Architecture& architecture,
                             std::span<const DetectRequest> requests)
    : backend_(backend),
      vision_(*architecture.vision),
      embed_dim_(architecture.embed_dim),
      requests_(requests),
      forward_ms_(requests.size()),
      groups_(make_groups(requests)) {
  for (const DetectRequest& request : requests) {
    const auto start = Clock::now();
    results_.emplace_back(request.parts.size());
    images_.emplace_back(request.image);
    resize_ms_.push_back(ms_since(start));
  }
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    views_.push_back({g, -1});
    if (group.tile.size == 0) continue;
    group.tiling = tile_image(images_[group.request], group.tile);
    group.maps.resize(group.parts.size());
    group.embeddings.resize(group.tiling.count(), embed_dim_);
    for (int t = 0; t < group.tiling.count(); ++t) views_.push_back({g, t});
  }
}

std::vector<std::vector<Detection>> DetectionPass::detect(RunControl* control) {
  for (size_t first = 0, end; first < views_.size(); first = end) {
    end = end_of_batch(first);
    run_batch(first, end, control);
  }
  for (Group& group : groups_)
    for (size_t p = 0; p < group.maps.size(); ++p)
      if (group.maps[p].started()) finish_tiles(group, p);
  for (size_t r = 0; r < results_.size(); ++r) {
    for (Detection& d : results_[r]) {
      d.resize_ms = resize_ms_[r];
      d.forward_ms = forward_ms_[r];
    }
  }
  return std::move(results_);
}

size_t DetectionPass::end_of_batch(size_t first) const {
  const Group& group = groups_[views_[first].group];
  const size_t most = backend_.views_per_forward(group.features);
  size_t end = first + 1;
  while (end < views_.size() && end - first < most &&
         share_forward(group, groups_[views_[end].group]))
    ++end;
  return end;
}

// Runs views [first, end) as one batch.
void DetectionPass::run_batch(size_t first, size_t end, RunControl* control) {
  const Group& group = groups_[views_[first].group];
  const auto batch = backend_.new_batch(group.features, group.mask);
  size_t parts = 0;
  for (size_t v = first; v < end; ++v) {
    add_view(*batch, views_[v]);
    parts = std::max(parts, groups_[views_[v].group].parts.size());
  }
  batch->run(control);
  for (size_t p = 0; p < parts; ++p) score_part(*batch, first, end, p);
  add_timings(*batch, first, end);
}

void DetectionPass::add_view(Batch& batch, const View& view) {
  const auto start = Clock::now();
  const Group& group = groups_[view.group];
  const RgbImage& image = images_[group.request];
  const size_t index = view.tile < 0
                           ? batch.add(image, group.fit)
                           : batch.add(image, group.tiling.box(view.tile));
  for (size_t p = 0; p < group.parts.size(); ++p) {
    const Category& category = *part_of(group, p).category;
    if (!category.target.empty()) batch.add_relevance_target(index, category);
  }
  resize_ms_[group.request] += ms_since(start);
}

// Scores part `part` of each view in the batch. Neighbouring views of one
// category are scored together.
void DetectionPass::score_part(Batch& batch, size_t first, size_t end,
                               size_t part) {
  for (size_t v = first, next; v < end; v = next) {
    const CategoryPointer category = category_of(v, part);
    for (next = v + 1; next < end && category_of(next, part) == category;)
      ++next;
    if (!category) continue;
    std::vector<Detection> seen = batch.score(v - first, next - v, category);
    for (size_t i = v; i < next; ++i) {
      const auto start = Clock::now();
      Detection& d = seen[i - v];
      const double score_ms = std::exchange(d.score_ms, 0);
      store(views_[i], part, batch, i - first, std::move(d));
      result_of(groups_[views_[i].group], part).score_ms +=
          score_ms + ms_since(start);
    }
  }
}

// A request gets the whole time of every batch that one of its views was in.
void DetectionPass::add_timings(const Batch& batch, size_t first, size_t end) {
  const Batch::Timings timings = batch.timings();
  for (size_t v = first; v < end; ++v) {
    const size_t request = groups_[views_[v].group].request;
    const bool counted =
        v > first && request == groups_[views_[v - 1].group].request;
    if (counted) continue;
    forward_ms_[request] += timings.forward_ms;
    resize_ms_[request] += timings.resize_ms;
  }
}

// Adds the result of one view to the result of its request.
void DetectionPass::store(const View& view, size_t p, Batch& batch,
                          size_t index, Detection seen) {
  Group& group = groups_[view.group];
  const DetectRequest::Part& part = part_of(group, p);
  Detection& d = result_of(group, p);
  if (view.tile >= 0) {
    d.score = std::max(d.score, seen.score);
    d.local_score = std::fmax(d.local_score, seen.local_score);
    group.embeddings.set_tile(view.tile, seen.embedding);
    if (group.maps[p].started())
      group.maps[p].add(view.tile, seen.map, vision_.grid);
    return;
  }
  d = std::move(seen);
  if (d.map.empty()) return;
  if (group.tile.size > 0) {
    // The map of the whole view waits for the maps of the tiles.
    const RgbImage& image = images_[group.request];
    group.maps[p].start(group.tiling, image, part.category->settings, vision_,
                        std::move(d.map));
    group.embeddings.set_windows(batch.window_embeddings(index));
    return;
  }
  const PixelView& image = requests_[group.request].image;
  const kernels::Box shown = to_resolution(d, part.category->settings, vision_,
                                           image.width, image.height);
  if (part.pixel_threshold < std::numeric_limits<float>::infinity())
    d.regions = explain_regions(
        d, *part.category, window_boxes(batch.window_embeddings(index), shown),
        part.pixel_threshold);
}

void DetectionPass::finish_tiles(Group& group, size_t p) {
  const auto start = Clock::now();
  const DetectRequest::Part& part = part_of(group, p);
  Detection& d = result_of(group, p);
  group.maps[p].finish(d, vision_.grid);
  if (part.pixel_threshold < std::numeric_limits<float>::infinity())
    d.regions = explain_regions(
        d, *part.category,
        group.embeddings.boxes(group.tiling, images_[group.request], d),
        part.pixel_threshold);
  d.score_ms += ms_since(start);
}

}  // namespace

std::vector<std::vector<Detection>> Engine::detect(
    std::span<const DetectRequest> requests, RunControl* control) {
  state_->vision();  // throws if there is none
  for (const DetectRequest& request : requests)
    for (const DetectRequest::Part& part : request.parts)
      check_range(part.category->model == state_->info.hash,
                  "Expected a category of this engine's model but received one "
                  "of another model.");
  DetectionPass pass(*state_->backend, state_->architecture, requests);
  return pass.detect(control);
}

void Engine::warm_up(const std::shared_ptr<const Category>& category,
                     RunControl* control) {
  const int side =
      std::max(state_->vision().image_size, category->settings.tile.size);
  const size_t bytes =
      3 * static_cast<size_t>(side) * static_cast<size_t>(side);
  const std::vector<uint8_t> grey(bytes, 128);
  const DetectRequest request{{grey.data(), side, side, 3}, {{category}}};
  const Backend::WarmUp warm_up = state_->backend->warm_up();
  for (size_t size = 1; size <= warm_up.largest_batch; ++size)
    for (int i = 0; i < warm_up.repetitions; ++i)
      detect(std::vector<DetectRequest>(size, request), control);
}

}  // namespace alfa
