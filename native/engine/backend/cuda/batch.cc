#include "engine/backend/cuda/batch.h"

#include <cstring>
#include <utility>

#include "engine/score/score.h"
#include "error.h"

namespace alfa {

CudaBatch::CudaBatch(CudaPipeline& pipeline,
                     const kernels::ParallelFor& parallel_for,
                     FeatureRequest request)
    : pipeline_(pipeline),
      parallel_for_(parallel_for),
      request_(std::move(request)) {
  pipeline_.staging.clear();
}

size_t CudaBatch::add(const RgbImage& image, Fit fit) {
  return add(image.rgb, image.width, image.height, image.row_bytes(), fit);
}

size_t CudaBatch::add(const RgbImage& image, const kernels::Box& part) {
  return add(image.pixel(part.left, part.top), part.width, part.height,
             image.row_bytes(), Fit::kSquash);
}

size_t CudaBatch::add(const std::vector<uint8_t>& square) {
  const int size = pipeline_.tower.vision().image_size;
  return add(square.data(), size, size, 3 * static_cast<size_t>(size),
             Fit::kSquash);
}

size_t CudaBatch::add(const uint8_t* rgb, int width, int height,
                      size_t row_bytes, Fit fit) {
  const size_t staged_row = CudaResizer::row_bytes(width);
  const size_t rows = static_cast<size_t>(height);
  const size_t offset = pipeline_.staging.reserve(staged_row * rows);
  uint8_t* staged = pipeline_.staging.host(offset);
  for (size_t y = 0; y < rows; ++y)
    std::memcpy(staged + y * staged_row, rgb + y * row_bytes,
                3 * static_cast<size_t>(width));
  views_.push_back({offset, width, height, fit});
  return views_.size() - 1;
}

void CudaBatch::add_relevance_target(size_t, const Category&) {
  throw Error(Code::kInternal, "CudaBatch does not compute relevance");
}

void CudaBatch::run(RunControl* control) {
  check_not_terminated(control);
  CudaTower& tower = pipeline_.tower;
  CudaDevice& device = tower.device();
  device.make_current();
  layout_ = &tower.layout(request_.scales, request_.outputs, views_.size());
  const size_t bytes_per_view =
      static_cast<size_t>(tower.image_rows()) *
      static_cast<size_t>(tower.vision().patch_weight.shape[1]) *
      static_cast<size_t>(kernels::bytes_of(layout_->element));
  pipeline_.timer.record(device, kResizeBegin);
  const uint8_t* pixels = pipeline_.staging.send();
  for (size_t i = 0; i < views_.size(); ++i) {
    const View& v = views_[i];
    pipeline_.resizer.resize(pixels + v.offset, v.width, v.height, v.fit,
                             layout_->element,
                             layout_->patches.as<char>() + i * bytes_per_view);
  }
  pipeline_.timer.record(device, kForwardBegin);
  tower.run(*layout_, views_.size());
  pipeline_.timer.record(device, kForwardEnd);
}

Features CudaBatch::features(size_t view) {
  const CudaTower& tower = pipeline_.tower;
  if (!outputs_) outputs_ = pipeline_.tower.fetch(*layout_, views_.size());
  return outputs_->view(view, layout_->segments, tower.embed_dim(),
                        tower.vision().width);
}

Features CudaBatch::window_embeddings(size_t view) {
  if (outputs_) return features(view);
  CudaTower& tower = pipeline_.tower;
  embeddings_.resize(views_.size());
  std::vector<float>& host = embeddings_[view];
  if (host.empty()) {
    const size_t count = static_cast<size_t>(layout_->segment_count()) *
                         static_cast<size_t>(tower.embed_dim());
    host.resize(count);
    tower.device().copy(host.data(),
                        layout_->embedding.as<float>() + view * count,
                        count * sizeof(float));
    tower.device().wait();
  }
  Features f;
  f.embedding = host.data();
  f.segments = &layout_->segments;
  f.embed_dim = tower.embed_dim();
  f.width = tower.vision().width;
  return f;
}

std::vector<Detection> CudaBatch::score(
    size_t first, size_t count,
    const std::shared_ptr<const Category>& category) {
  if (!pipeline_.scorer.supports(*category)) {
    std::vector<Detection> detections;
    for (size_t view = first; view < first + count; ++view)
      detections.push_back(
          score_view(features(view), *category, nullptr, parallel_for_));
    return detections;
  }
  CudaDevice& device = pipeline_.tower.device();
  ScoringGraph& graph =
      pipeline_.scorer.graph(*layout_, first, count, category);
  pipeline_.timer.record(device, kScoreBegin);
  graph.run();
  pipeline_.timer.record(device, kScoreEnd);
  device.wait();
  std::vector<Detection> detections = graph.results();
  for (Detection& d : detections)
    d.score_ms =
        pipeline_.timer.ms(kScoreBegin, kScoreEnd) / static_cast<double>(count);
  return detections;
}

Batch::Timings CudaBatch::timings() const {
  return {pipeline_.timer.ms(kResizeBegin, kForwardBegin),
          pipeline_.timer.ms(kForwardBegin, kForwardEnd)};
}

}  // namespace alfa
