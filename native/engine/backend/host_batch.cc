#include "engine/backend/host_batch.h"

#include <memory>

#include "engine/backend/masked_windows.h"
#include "engine/clock.h"
#include "engine/score/score.h"

namespace alfa {
namespace {

size_t rows_per_view(const VisionTower& v) {
  return static_cast<size_t>(v.prefix + v.grid * v.grid);
}

size_t floats_per_view(const VisionTower& v) {
  return rows_per_view(v) * static_cast<size_t>(v.patch_weight.shape[1]);
}

}  // namespace

HostBatch::HostBatch(const BackendContext& context, ImageForward& tower,
                     FeatureRequest request, Mask mask)
    : architecture_(context.architecture),
      vision_(*context.architecture.vision),
      parallel_for_(context.parallel_for),
      tower_(tower),
      request_(std::move(request)),
      mask_(mask),
      segments_(image_segments(vision_.grid, vision_.prefix, request_.scales)) {
}

size_t HostBatch::add(const RgbImage& image, Fit fit) {
  return add(resize_to_square(image, vision_.image_size, fit));
}

size_t HostBatch::add(const RgbImage& image, const kernels::Box& part) {
  return add(resize_to_square(image, part, vision_.image_size));
}

size_t HostBatch::add(const std::vector<uint8_t>& square) {
  const size_t floats = floats_per_view(vision_);
  patches_.resize(patches_.size() + floats);
  kernels::to_patches(square.data(), vision_.image_size, vision_.patch,
                      vision_.prefix, vision_.mean, vision_.std,
                      patches_.data() + views_ * floats);
  return views_++;
}

void HostBatch::add_relevance_target(size_t view, const Category& category) {
  targets_.push_back({view, &category});
}

void HostBatch::run(RunControl* control) {
  const auto start = Clock::now();
  const bool masked = mask_ == Mask::kZero && !request_.scales.empty();
  // Masked windows run as views of their own, not as segments.
  const auto layout = std::make_shared<const Segments>(
      masked ? image_segments(vision_.grid, vision_.prefix, {}) : segments_);
  const Segments all = pack(std::vector(views_, layout),
                            static_cast<int>(rows_per_view(vision_)));
  RelevanceTargets targets;
  for (const Target& target : targets_) {
    const std::vector<float>& row = target.category->target;
    targets.rows.insert(targets.rows.end(), row.begin(), row.end());
    targets.segments.push_back(all.whole[target.view]);
  }
  outputs_ = tower_.forward(patches_, all, request_.outputs, targets, control);
  if (masked)
    outputs_ =
        add_masked_windows(std::move(outputs_), tower_, architecture_, patches_,
                           segments_, request_.outputs, control);
  timings_.forward_ms = ms_since(start);
}

Features HostBatch::features(size_t view) {
  return outputs_.view(view, segments_, architecture_.embed_dim, vision_.width);
}

const float* HostBatch::relevance(size_t view, const Category& category) const {
  for (size_t i = 0; i < targets_.size(); ++i)
    if (targets_[i].view == view && targets_[i].category == &category)
      return outputs_.relevance + i * rows_per_view(vision_);
  return nullptr;
}

std::vector<Detection> HostBatch::score(
    size_t first, size_t count,
    const std::shared_ptr<const Category>& category) {
  std::vector<Detection> detections;
  for (size_t view = first; view < first + count; ++view) {
    detections.push_back(score_view(features(view), *category,
                                    relevance(view, *category), parallel_for_));
  }
  return detections;
}

}  // namespace alfa
