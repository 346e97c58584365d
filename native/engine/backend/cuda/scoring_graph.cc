#include "engine/backend/cuda/scoring_graph.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "kernels/aligner/aligner_cuda.h"
#include "kernels/contextual/contextual_cuda.h"
#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/harmonic_map/harmonic_map_cuda.h"
#include "kernels/patch_features/patch_features_cuda.h"
#include "kernels/upsample/upsample_cuda.h"

namespace alfa {
namespace {

using kernels::Element;

size_t element_bytes(Element e) {
  return static_cast<size_t>(kernels::bytes_of(e));
}

size_t patch_count(const VisionTower& vision) {
  return static_cast<size_t>(vision.grid) * static_cast<size_t>(vision.grid);
}

}  // namespace

ScoringGraph::ScoringGraph(CudaTower& tower, const CudaLayout& layout,
                           size_t first, size_t count, const Category& category,
                           std::shared_ptr<DeviceCategory> on_device)
    : tower_(tower),
      layout_(layout),
      layout_id_(layout.id),
      first_(first),
      count_(count),
      settings_(category.settings),
      counts_{category.counts[0], category.counts[1]},
      on_device_(std::move(on_device)),
      windows_(settings_.map == MapSource::kWindows &&
               !settings_.scales.empty()),
      map_(windows_ || category.bank),
      upsampled_(map_ && settings_.resolution == Resolution::kModel &&
                 settings_.tile.size == 0) {
  collect_segments();
  allocate();
}

void ScoringGraph::collect_segments() {
  const VisionTower& vision = tower_.vision();
  const Segments& segments = layout_.segments;
  std::vector<int32_t> windows, whole;
  for (const int scale : settings_.scales) {
    if (!windows_) break;
    const int begin = segments.first_window(scale);
    for (int w = begin; w < begin + windows_of(vision.grid, scale); ++w) {
      const size_t segment = static_cast<size_t>(w);
      const int rows = segments.cu_seqlens[segment + 1] -
                       segments.cu_seqlens[segment] -
                       (settings_.class_row ? 0 : vision.prefix);
      windows.push_back(w);
      longest_window_ = std::max(longest_window_, rows);
    }
  }
  window_count_ = static_cast<int>(windows.size());
  for (size_t i = 0; i < count_; ++i)
    whole.push_back(static_cast<int32_t>(
        (first_ + i) * static_cast<size_t>(layout_.segment_count())));
  CudaDevice& device = tower_.device();
  window_segments_ = device.upload(std::span<const int32_t>(windows));
  whole_segments_ = device.upload(std::span<const int32_t>(whole));
}

void ScoringGraph::allocate() {
  BufferLayout results, work;
  const auto result = [&](auto& slot, size_t bytes) {
    slot = {true, results.reserve(bytes)};
  };
  const auto scratch = [&](auto& slot, size_t bytes) {
    slot = {false, work.reserve(bytes)};
  };
  const VisionTower& vision = tower_.vision();
  const size_t E = static_cast<size_t>(tower_.embed_dim());
  const size_t prompts = static_cast<size_t>(counts_[0] + counts_[1]);
  const size_t patches = patch_count(vision);
  const size_t pixels = static_cast<size_t>(vision.image_size) *
                        static_cast<size_t>(vision.image_size);
  const size_t windows = static_cast<size_t>(window_count_);

  result(similarity_, count_ * prompts * sizeof(float));
  result(kept_, count_ * prompts);
  result(summary_, count_ * 4 * sizeof(int32_t));
  result(global_, count_ * sizeof(float));
  result(score_, count_ * sizeof(float));
  result(local_, count_ * sizeof(float));
  result(embedding_, count_ * E * sizeof(float));
  if (upsampled_) {
    scratch(grid_map_, count_ * patches * sizeof(float));
    result(full_map_, count_ * pixels * sizeof(float));
  } else {
    result(grid_map_, count_ * patches * sizeof(float));
  }
  scratch(prompt_score_, count_ * prompts * sizeof(float));
  scratch(direction_, count_ * 2 * E * sizeof(float));
  scratch(window_score_, count_ * windows * sizeof(float));
  scratch(bank_map_, count_ * patches * sizeof(float));
  for (size_t l = 0; l < on_device_->levels.size(); ++l) add_level(l, work);

  CudaDevice& device = tower_.device();
  work_ = device.allocate(work.bytes());
  results_ = device.allocate(results.bytes());
  host_results_ = device.allocate_pinned(results.bytes());
}

void ScoringGraph::add_level(size_t level, BufferLayout& work) {
  const VisionTower& vision = tower_.vision();
  const DeviceCategory::BankLevel& bank = on_device_->levels[level];
  const size_t patch_levels = patch_level_count(settings_);
  const bool patches = level < patch_levels;
  const size_t width = static_cast<size_t>(bank.width);
  const size_t rows =
      patches ? patch_count(vision)
              : static_cast<size_t>(windows_of(
                    vision.grid, settings_.scales[level - patch_levels]));
  const size_t image_stride =
      patches ? rows * width
              : static_cast<size_t>(layout_.segment_count()) *
                    static_cast<size_t>(tower_.embed_dim());
  kernels::CudaNearest search{};
  search.element = bank.element;
  search.images = static_cast<int>(count_);
  search.rows = static_cast<int>(rows);
  search.bank = bank.rows.data();
  search.count = bank.count;
  search.width = bank.width;
  search.distance = settings_.bank.distance;
  search.image_stride = static_cast<ptrdiff_t>(image_stride);

  Level added;
  added.search = search;
  if (patches)
    added.rows.offset =
        work.reserve(count_ * rows * width * element_bytes(bank.element));
  added.similarity.offset = work.reserve(count_ * rows * sizeof(float));
  added.distance.offset = work.reserve(count_ * rows * sizeof(float));
  added.scratch.offset = work.reserve(scratch_bytes(search));
  levels_.push_back(added);
}

void ScoringGraph::run() {
  CudaDevice& device = tower_.device();
  // The first run is not recorded, since kernels do more at their first launch.
  if (!warm_) {
    launch();
    warm_ = true;
    return;
  }
  if (!graph_) graph_ = device.capture([&] { launch(); });
  device.run(graph_);
}

void ScoringGraph::launch() {
  CudaDevice& device = tower_.device();
  const auto stream = device.stream();
  const VisionTower& vision = tower_.vision();
  const ptrdiff_t E = tower_.embed_dim();
  const ptrdiff_t S = layout_.segment_count();
  const int count = static_cast<int>(count_);
  const int patches = static_cast<int>(patch_count(vision));
  const float* embedding =
      layout_.embedding.as<float>() + static_cast<ptrdiff_t>(first_) * S * E;

  kernels::gather_rows_cuda(
      Element::kFloat, layout_.embedding.data(), whole_segments_.as<int32_t>(),
      count, static_cast<int>(E), device_pointer(embedding_), stream);
  kernels::CudaContextual context{};
  context.image = embedding;
  context.image_stride = S * E;
  context.images = count;
  context.prompts = on_device_->prompts.as<float>();
  std::copy_n(counts_, 2, context.counts);
  context.embed_dim = static_cast<int>(E);
  context.options = settings_.context;
  context.temperature = settings_.temperature;
  context.similarity = device_pointer(similarity_);
  context.score = device_pointer(prompt_score_);
  context.kept = device_pointer(kept_);
  context.summary = device_pointer(summary_);
  context.direction = device_pointer(direction_);
  context.global = device_pointer(global_);
  kernels::contextual_cuda(context, stream);

  const bool bank = !levels_.empty();
  if (windows_) launch_windows();
  if (bank) launch_bank();
  kernels::CudaImageScores scores{};
  scores.images = count;
  scores.patches = patches;
  scores.map = windows_ ? device_pointer(grid_map_) : nullptr;
  scores.bank = bank ? device_pointer(bank_map_) : nullptr;
  scores.global = device_pointer(global_);
  scores.mean = settings_.image_score == ImageScore::kMean;
  scores.score = device_pointer(score_);
  scores.local = device_pointer(local_);
  kernels::image_scores_cuda(scores, stream);
  if (bank && !windows_)
    device.copy(device_pointer(grid_map_), device_pointer(bank_map_),
                count_ * static_cast<size_t>(patches) * sizeof(float));
  if (upsampled_)
    kernels::upsample_cuda(device_pointer(grid_map_), count, vision.grid,
                           vision.grid, vision.image_size, vision.image_size,
                           settings_.align(), device_pointer(full_map_),
                           stream);
  device.copy(host_results_.data(), results_.data(), results_.bytes());
}

void ScoringGraph::launch_windows() {
  const auto stream = tower_.device().stream();
  const VisionTower& vision = tower_.vision();
  const ptrdiff_t E = tower_.embed_dim();
  const ptrdiff_t first = static_cast<ptrdiff_t>(first_);
  const DeviceBuffer& value =
      settings_.values == Values::kRaw ? layout_.raw_value : layout_.value;

  kernels::CudaWindowScores windows{};
  windows.aligner = settings_.aligner;
  windows.lambda = settings_.lambda;
  windows.temperature = settings_.temperature;
  windows.element = layout_.element;
  windows.value_stride = layout_.packed_rows() * E;
  // Without the aligner there may be no values.
  if (value)
    windows.value = value.as<char>() +
                    first * windows.value_stride *
                        static_cast<ptrdiff_t>(element_bytes(layout_.element));
  windows.embedding_stride = layout_.segment_count() * E;
  windows.embedding =
      layout_.embedding.as<float>() + first * windows.embedding_stride;
  windows.direction = device_pointer(direction_);
  windows.windows = window_segments_.as<int32_t>();
  windows.cu_seqlens = layout_.cu_seqlens_of_image.as<int32_t>();
  windows.rows = layout_.rows_of_image.as<int32_t>();
  windows.skipped_rows = settings_.class_row ? 0 : vision.prefix;
  windows.longest = longest_window_;
  windows.images = static_cast<int>(count_);
  windows.count = window_count_;
  windows.embed_dim = static_cast<int>(E);
  windows.scores = device_pointer(window_score_);
  kernels::window_scores_cuda(windows, stream);

  kernels::CudaHarmonicMap map{};
  map.scores = device_pointer(window_score_);
  map.images = static_cast<int>(count_);
  map.windows = window_count_;
  map.grid = vision.grid;
  std::copy(settings_.scales.begin(), settings_.scales.end(), map.scales);
  map.scale_count = static_cast<int>(settings_.scales.size());
  map.global =
      settings_.harmonic.include_global ? device_pointer(global_) : nullptr;
  map.map = device_pointer(grid_map_);
  kernels::harmonic_map_cuda(map, stream);
}

void ScoringGraph::launch_bank() {
  kernels::CudaBankMap map{};
  map.images = static_cast<int>(count_);
  map.grid = tower_.vision().grid;
  map.levels = static_cast<int>(levels_.size());
  map.map = device_pointer(bank_map_);
  const size_t patch_levels = patch_level_count(settings_);
  for (size_t l = 0; l < levels_.size(); ++l) {
    launch_level(l);
    map.distances[l] = device_pointer(levels_[l].distance);
    if (l >= patch_levels) map.scales[l] = settings_.scales[l - patch_levels];
  }
  kernels::bank_map_cuda(map, tower_.device().stream());
}

void ScoringGraph::launch_level(size_t index) {
  const auto stream = tower_.device().stream();
  const VisionTower& vision = tower_.vision();
  const Level& level = levels_[index];
  const size_t patch_levels = patch_level_count(settings_);
  const ptrdiff_t first = static_cast<ptrdiff_t>(first_);
  kernels::CudaNearest search = level.search;
  if (index < patch_levels) {
    const size_t layers = settings_.features.layers.size();
    const ptrdiff_t width = vision.width;
    const ptrdiff_t image_stride = tower_.image_rows() * width;
    const ptrdiff_t first_token = first * image_stride + vision.prefix * width;
    kernels::CudaPatchFeatures features{};
    features.in_element = layout_.element;
    features.out_element = search.element;
    features.tokens =
        layout_.layer(settings_.features.layers[index % layers]).as<char>() +
        first_token * static_cast<ptrdiff_t>(element_bytes(layout_.element));
    features.image_stride = image_stride;
    features.images = static_cast<int>(count_);
    features.grid = vision.grid;
    features.width = vision.width;
    features.neighbours = settings_.features.neighbourhoods[index / layers];
    features.length = 1.0f;
    features.out = device_pointer(level.rows);
    features.out_stride = width;
    kernels::patch_features_cuda(features, stream);
    search.queries = device_pointer(level.rows);
  } else {
    const int scale = settings_.scales[index - patch_levels];
    const ptrdiff_t segment =
        first * layout_.segment_count() + layout_.segments.first_window(scale);
    search.queries =
        layout_.embedding.as<float>() + segment * tower_.embed_dim();
  }
  search.similarity = device_pointer(level.similarity);
  search.distances = device_pointer(level.distance);
  search.scratch = device_pointer(level.scratch);
  kernels::nearest_cuda(search, stream);
}

std::vector<Detection> ScoringGraph::results() const {
  const VisionTower& vision = tower_.vision();
  const size_t E = static_cast<size_t>(tower_.embed_dim());
  const size_t prompts = static_cast<size_t>(counts_[0] + counts_[1]);
  const int side = upsampled_ ? vision.image_size : vision.grid;
  const size_t pixels = static_cast<size_t>(side) * static_cast<size_t>(side);
  std::vector<Detection> detections(count_);
  for (size_t i = 0; i < count_; ++i) {
    Detection& d = detections[i];
    const auto copy = [i](auto& to, const auto* all, size_t count) {
      to.assign(all + i * count, all + (i + 1) * count);
    };
    d.score = host(score_)[i];
    d.global_score = host(global_)[i];
    copy(d.embedding, host(embedding_), E);
    tower_.check_finite(d.embedding);
    tower_.check_finite({&d.score, 1});
    const int32_t* summary = host(summary_) + 4 * i;
    std::copy_n(summary, 2, d.kept);
    std::copy_n(counts_, 2, d.of);
    d.ambiguous = summary[2] != 0 || summary[3] != 0;
    copy(d.kept_mask, host(kept_), prompts);
    copy(d.similarity, host(similarity_), prompts);
    if (!map_) {
      d.local_score = std::numeric_limits<float>::quiet_NaN();
      continue;
    }
    d.local_score = host(local_)[i];
    copy(d.map, host(upsampled_ ? full_map_ : grid_map_), pixels);
    d.map_width = d.map_height = side;
  }
  return detections;
}

}  // namespace alfa
