#include "engine/backend/cuda/tower.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>

#include "error.h"
#include "graph/graph.h"
#include "kernels/epilogue/epilogue_cuda.h"

namespace alfa {
namespace {

using kernels::Element;

constexpr size_t kMaxLayouts = 6;
constexpr size_t kMaxSessions = 8;

ONNXTensorElementDataType onnx_type(Element e) {
  return e == Element::kHalf ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16
                             : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

size_t element_bytes(Element e) {
  return static_cast<size_t>(kernels::bytes_of(e));
}

// The begin and the end of each segment: [S, 2].
std::vector<int32_t> bounds_of_segments(
    const std::vector<int32_t>& cu_seqlens) {
  std::vector<int32_t> bounds;
  for (size_t s = 0; s + 1 < cu_seqlens.size(); ++s)
    bounds.insert(bounds.end(), {cu_seqlens[s], cu_seqlens[s + 1]});
  return bounds;
}

// The begin and the end of the segment of each packed row: [T, 2].
std::vector<int32_t> bounds_of_rows(const std::vector<int32_t>& cu_seqlens) {
  std::vector<int32_t> bounds;
  for (size_t s = 0; s + 1 < cu_seqlens.size(); ++s)
    for (int32_t r = cu_seqlens[s]; r < cu_seqlens[s + 1]; ++r)
      bounds.insert(bounds.end(), {cu_seqlens[s], cu_seqlens[s + 1]});
  return bounds;
}

}  // namespace

const DeviceBuffer& CudaLayout::layer(int layer) const {
  for (const auto& [index, buffer] : hidden)
    if (index == layer) return buffer;
  throw Error(Code::kInternal,
              "layer " + std::to_string(layer) + " was not requested");
}

CudaTower::CudaTower(Runtime& runtime, CudaDevice& device,
                     const Architecture& architecture, bool half,
                     size_t max_batch, SessionOptions options)
    : runtime_(runtime),
      device_(device),
      architecture_(architecture),
      half_(half),
      max_batch_(max_batch),
      options_(std::move(options)) {
  // Opened here, so that the first image does not wait for it. It computes
  // values too, because the default recipe needs them.
  ImageOutputs of_default_recipe;
  of_default_recipe.value = architecture.text.has_value();
  session(of_default_recipe);
}

CudaTower::~CudaTower() {
  // Sessions free device memory.
  const std::lock_guard lock(CudaDevice::memory_lock());
  layouts_.clear();
  sessions_.clear();
}

void CudaTower::check_finite(std::span<const float> values) const {
  for (const float v : values) {
    if (std::isfinite(v)) continue;
    const std::string file = architecture_.file->path();
    throw Error(
        Code::kModelCorrupt,
        half_ ? "The embeddings or scores of " + file +
                    " are not finite numbers in fp16. Open it with precision "
                    "'fp32'. If they are not finite there either, its weights "
                    "are damaged."
              : "The embeddings or scores of " + file +
                    " are not finite numbers, because its weights are damaged. "
                    "Download or convert the file again.");
  }
}

Session& CudaTower::session(const ImageOutputs& outputs) {
  for (const auto& s : sessions_)
    if (s.outputs == outputs) return *s.session;
  const std::lock_guard lock(CudaDevice::memory_lock());
  if (sessions_.size() >= kMaxSessions) {
    // Closes the oldest session, but keeps that of the default recipe.
    const Session* oldest = sessions_[1].session.get();
    std::erase_if(layouts_,
                  [&](const auto& l) { return l->session == oldest; });
    sessions_.erase(sessions_.begin() + 1);
  }
  // The gradients of relevance do not fit into fp16.
  const OperatorSet operators = half_ && !outputs.relevance
                                    ? OperatorSet::kCudaHalf
                                    : OperatorSet::kCudaFloat;
  const Graph graph =
      cuda_image_graph(vision(), embed_dim(), outputs, operators);
  sessions_.push_back(
      {outputs, std::make_unique<Session>(runtime_, graph, options_)});
  // The device has its own copy of the weights.
  architecture_.file->drop_pages();
  return *sessions_.back().session;
}

CudaLayout& CudaTower::layout(const std::vector<int>& scales,
                              const ImageOutputs& outputs, size_t images) {
  ImageOutputs computed = outputs;
  // Values take 1% of a forward, so they are computed in addition rather than
  // in a session of their own.
  if (!computed.relevance) computed.value |= architecture_.text.has_value();
  const auto found =
      std::find_if(layouts_.begin(), layouts_.end(), [&](const auto& l) {
        return l->scales == scales && l->outputs == computed;
      });
  if (found != layouts_.end() && (*found)->capacity >= images) {
    std::rotate(found, found + 1, layouts_.end());
    return *layouts_.back();
  }
  // The device may still use the buffers that are freed here.
  device_.wait();
  if (found != layouts_.end())
    layouts_.erase(found);
  else if (layouts_.size() >= kMaxLayouts)
    layouts_.erase(layouts_.begin());
  layouts_.push_back(
      new_layout(scales, computed, std::max(images, max_batch_)));
  return *layouts_.back();
}

std::unique_ptr<CudaLayout> CudaTower::new_layout(
    const std::vector<int>& scales, const ImageOutputs& outputs,
    size_t images) {
  const VisionTower& v = vision();
  auto l = std::make_unique<CudaLayout>();
  l->id = next_id_++;
  l->scales = scales;
  l->outputs = outputs;
  l->segments = image_segments(v.grid, v.prefix, scales);
  l->capacity = images;
  l->element = half_ && !outputs.relevance ? Element::kHalf : Element::kFloat;
  l->session = &session(outputs);

  const auto upload = [&](const std::vector<int32_t>& host) {
    return device_.upload(std::span<const int32_t>(host));
  };
  const Segments all =
      pack(std::vector(images, std::make_shared<const Segments>(l->segments)),
           image_rows());
  l->rows_of_image = upload(l->segments.rows);
  l->cu_seqlens_of_image = upload(l->segments.cu_seqlens);
  std::vector<int32_t> position_ids;
  for (size_t i = 0; i < images; ++i)
    for (int r = 0; r < image_rows(); ++r) position_ids.push_back(r);
  l->position_ids = upload(position_ids);
  l->rows = upload(all.rows);
  l->segment_bounds = upload(bounds_of_rows(all.cu_seqlens));
  // The first row of a segment is its class row.
  l->pool_rows = upload({all.cu_seqlens.begin(), all.cu_seqlens.end() - 1});
  l->pool_bounds = upload(bounds_of_segments(all.cu_seqlens));
  if (outputs.needs_whole_images()) {
    const WholeRows whole = whole_rows(all, image_rows());
    l->whole_image_rows = upload(whole.rows);
    l->whole_image_bounds = upload(bounds_of_rows(whole.cu_seqlens));
  }

  const size_t B = images;
  const size_t R = static_cast<size_t>(image_rows());
  const size_t E = static_cast<size_t>(embed_dim());
  const size_t width = static_cast<size_t>(v.width);
  const size_t patch = static_cast<size_t>(v.patch_weight.shape[1]);
  const size_t bytes = element_bytes(l->element);
  l->patches = device_.allocate(B * R * patch * bytes);
  l->embedding =
      device_.allocate(static_cast<size_t>(all.count()) * E * sizeof(float));
  const size_t value_bytes = all.rows.size() * E * bytes;
  if (outputs.value) l->value = device_.allocate(value_bytes);
  if (outputs.raw_value) l->raw_value = device_.allocate(value_bytes);
  if (outputs.path) l->path = device_.allocate(B * R * E * bytes);
  for (const int layer : outputs.layers)
    l->hidden.emplace_back(layer, device_.allocate(B * R * width * bytes));
  return l;
}

Binding CudaTower::bind(CudaLayout& l, size_t images, int recording) {
  Binding b = l.session->bind(recording);
  const auto B = static_cast<int64_t>(images);
  const int64_t R = image_rows() * B;
  const int64_t T = l.packed_rows() * B;
  const int64_t S = l.segment_count() * B;
  const int64_t E = embed_dim();
  const int64_t patch = vision().patch_weight.shape[1];
  const auto indices = [&](const char* name, const DeviceBuffer& buffer,
                           const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (const int64_t d : shape) count *= d;
    b.input(name, buffer.data(), static_cast<size_t>(count) * sizeof(int32_t),
            shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32);
  };
  const auto output = [&](const std::string& name, const DeviceBuffer& buffer,
                          int64_t rows, int64_t width, Element e) {
    b.output(name.c_str(), buffer.data(),
             static_cast<size_t>(rows * width) * element_bytes(e),
             {rows, width}, onnx_type(e));
  };
  b.input("patches", l.patches.data(),
          static_cast<size_t>(R * patch) * element_bytes(l.element), {R, patch},
          onnx_type(l.element));
  indices("position_ids", l.position_ids, {R});
  indices("rows", l.rows, {T});
  indices("segment_bounds", l.segment_bounds, {T, 2});
  indices("pool_rows", l.pool_rows, {S});
  indices("pool_bounds", l.pool_bounds, {S, 2});
  if (l.outputs.needs_whole_images()) {
    indices("whole_image_rows", l.whole_image_rows, {R});
    indices("whole_image_bounds", l.whole_image_bounds, {R, 2});
  }
  output("embedding", l.embedding, S, E, Element::kFloat);
  if (l.outputs.value) output("value", l.value, T, E, l.element);
  if (l.outputs.raw_value) output("raw_value", l.raw_value, T, E, l.element);
  if (l.outputs.path) output("path", l.path, R, E, l.element);
  for (const auto& [layer, buffer] : l.hidden)
    output("hidden" + std::to_string(layer), buffer, R, vision().width,
           l.element);
  return b;
}

void CudaTower::run(CudaLayout& l, size_t images) {
  auto& binding = l.bindings[images];
  if (binding) return l.session->run(*binding);
  // The first run allocates memory and records the graph.
  const std::lock_guard lock(CudaDevice::memory_lock());
  auto added = std::make_unique<Binding>(bind(l, images, next_id_++));
  l.session->run(*added);
  binding = std::move(added);
}

std::vector<float> CudaTower::run_relevance(CudaLayout& l, size_t images,
                                            const RelevanceTargets& targets) {
  const auto P = static_cast<int64_t>(targets.segments.size());
  const auto R = static_cast<int64_t>(image_rows());
  const DeviceBuffer rows =
      device_.upload(std::span<const float>(targets.rows));
  const DeviceBuffer segments =
      device_.upload(std::span<const int32_t>(targets.segments));
  const DeviceBuffer out =
      device_.allocate(static_cast<size_t>(P * R) * sizeof(float));
  const std::lock_guard lock(CudaDevice::memory_lock());
  Binding b = bind(l, images, 0);
  b.input("target", rows.data(), rows.bytes(), {P, embed_dim()},
          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
  b.input("target_segment", segments.data(), segments.bytes(), {P},
          ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32);
  b.output("relevance", out.data(), out.bytes(), {P, R},
           ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
  l.session->run(b);
  std::vector<float> host(static_cast<size_t>(P * R));
  device_.copy(host.data(), out.data(), out.bytes());
  device_.wait();
  return host;
}

std::vector<float> CudaTower::fetch(const DeviceBuffer& buffer, Element element,
                                    size_t count) {
  std::vector<float> host(count);
  const size_t bytes = count * sizeof(float);
  const void* from = buffer.data();
  if (element == Element::kHalf) {
    if (converted_.bytes() < bytes) {
      converted_ = {};  // freed before the larger one is allocated
      converted_ = device_.allocate(bytes);
    }
    kernels::convert_cuda(Element::kHalf, from, Element::kFloat,
                          converted_.data(), static_cast<int64_t>(count),
                          device_.stream());
    from = converted_.data();
  }
  device_.copy(host.data(), from, bytes);
  device_.wait();
  return host;
}

ForwardOutputs CudaTower::fetch(const CudaLayout& l, size_t images) {
  const size_t E = static_cast<size_t>(embed_dim());
  const size_t R = static_cast<size_t>(image_rows());
  const size_t S = static_cast<size_t>(l.segment_count());
  const size_t T = static_cast<size_t>(l.packed_rows());
  const size_t width = static_cast<size_t>(vision().width);
  // A deque, since its items do not move when it grows.
  const auto memory = std::make_shared<std::deque<std::vector<float>>>();
  const auto copy = [&](const DeviceBuffer& buffer, Element element,
                        size_t floats_per_image) -> const float* {
    if (!buffer) return nullptr;
    memory->push_back(fetch(buffer, element, images * floats_per_image));
    return memory->back().data();
  };
  ForwardOutputs f;
  f.embedding = copy(l.embedding, Element::kFloat, S * E);
  check_finite(memory->back());
  f.value = copy(l.value, l.element, T * E);
  f.raw_value = copy(l.raw_value, l.element, T * E);
  f.path = copy(l.path, l.element, R * E);
  for (const auto& [layer, buffer] : l.hidden)
    f.hidden.emplace_back(layer, copy(buffer, l.element, R * width));
  f.memory = memory;
  return f;
}

ForwardOutputs CudaTower::forward(std::span<const float> patches,
                                  const Segments& segments,
                                  const ImageOutputs& outputs,
                                  const RelevanceTargets& targets,
                                  RunControl* control) {
  check_not_terminated(control);
  device_.make_current();
  const size_t images = segments.whole.size();
  CudaLayout& l = layout(segments.scales, outputs, images);
  const DeviceBuffer floats = device_.upload(patches);
  kernels::convert_cuda(Element::kFloat, floats.data(), l.element,
                        l.patches.data(), static_cast<int64_t>(patches.size()),
                        device_.stream());
  if (!outputs.relevance || targets.segments.empty()) {
    run(l, images);
    return fetch(l, images);
  }
  auto relevance =
      std::make_shared<std::pair<std::vector<float>, ForwardOutputs>>();
  relevance->first = run_relevance(l, images, targets);
  relevance->second = fetch(l, images);
  ForwardOutputs f = relevance->second;
  f.relevance = relevance->first.data();
  f.memory = relevance;
  return f;
}

}  // namespace alfa
