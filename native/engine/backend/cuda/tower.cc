#include "engine/backend/cuda/tower.h"

#include <algorithm>
#include <cmath>

#include "error.h"
#include "graph/graph.h"

namespace alfa {
namespace {

using kernels::Element;

constexpr size_t kMostLayouts = 6, kMostSessions = 8;

ONNXTensorElementDataType onnx_type(Element e) {
  return e == Element::kHalf ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16
                             : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

// Of every packed row, where its segment begins and ends.
std::vector<int32_t> spans_of(const std::vector<int32_t>& cu) {
  std::vector<int32_t> spans;
  for (size_t s = 0; s + 1 < cu.size(); ++s)
    for (int32_t r = cu[s]; r < cu[s + 1]; ++r)
      spans.insert(spans.end(), {cu[s], cu[s + 1]});
  return spans;
}

}  // namespace

GpuTower::GpuTower(Runtime& runtime, Gpu& gpu, const Architecture& architecture,
                   bool half, size_t max_batch, SessionOptions options)
    : runtime_(runtime),
      gpu_(gpu),
      architecture_(architecture),
      half_(half),
      max_batch_(max_batch),
      options_(std::move(options)) {
  options_.gpu = &gpu_;
  ImageOutputs plain;  // opened now, so that the first image does not pay for
                       // it; with values, since the default recipe reads them
  plain.value = architecture.text.has_value();
  session(plain);
}

GpuTower::~GpuTower() {
  const std::lock_guard lock(
      Gpu::memory_lock());  // sessions give their memory back
  layouts_.clear();
  sessions_.clear();
}

void GpuTower::expect_finite(std::span<const float> values) const {
  for (const float v : values)
    if (!std::isfinite(v))
      throw Error(
          Code::kModelCorrupt,
          architecture_.file->path() +
              " gives embeddings or scores that are not finite numbers" +
              (half_ ? " in fp16; open it with precision 'fp32'. If it is the "
                       "same there, its weights are damaged."
                     : "; its weights are damaged. Download or convert the "
                       "file again."));
}

Session& GpuTower::session(const ImageOutputs& outputs) {
  for (auto& s : sessions_)
    if (s.outputs == outputs) return *s.session;
  const std::lock_guard lock(Gpu::memory_lock());
  if (sessions_.size() >= kMostSessions) {
    const Session* oldest = sessions_[1].session.get();  // but the default
    std::erase_if(layouts_,
                  [&](const auto& l) { return l->session == oldest; });
    sessions_.erase(sessions_.begin() + 1);
  }
  // The gradients of relevance do not fit fp16.
  const OperatorSet dialect = half_ && !outputs.relevance
                                  ? OperatorSet::kCudaHalf
                                  : OperatorSet::kCudaFloat;
  sessions_.push_back(
      {outputs,
       std::make_unique<Session>(
           runtime_, cuda_image_graph(vision(), embed_dim(), outputs, dialect),
           options_)});
  architecture_.file
      ->drop_pages();  // the device has its own copy of the weights
  return *sessions_.back().session;
}

GpuLayout& GpuTower::layout(const std::vector<int>& scales,
                            const ImageOutputs& outputs, size_t images) {
  ImageOutputs wanted = outputs;
  if (!wanted.relevance)
    wanted.value |=
        architecture_.text
            .has_value();  // 1% of a forward: no reason for another session
  const auto found =
      std::find_if(layouts_.begin(), layouts_.end(), [&](const auto& l) {
        return l->scales == scales && l->outputs == wanted;
      });
  if (found != layouts_.end() && (*found)->capacity >= images) {
    std::rotate(found, found + 1, layouts_.end());
    return *layouts_.back();
  }
  gpu_.wait();  // nothing may still run in what is freed here
  if (found != layouts_.end())
    layouts_.erase(found);
  else if (layouts_.size() >= kMostLayouts)
    layouts_.erase(layouts_.begin());
  layouts_.push_back(make_layout(scales, wanted, std::max(images, max_batch_)));
  return *layouts_.back();
}

std::unique_ptr<GpuLayout> GpuTower::make_layout(const std::vector<int>& scales,
                                                 const ImageOutputs& outputs,
                                                 size_t images) {
  const VisionTower& v = vision();
  auto l = std::make_unique<GpuLayout>();
  l->id = next_graph_++;
  l->scales = scales;
  l->outputs = outputs;
  l->one = image_segments(v.grid, v.prefix, scales);
  l->capacity = images;
  l->element = half_ && !outputs.relevance ? Element::kHalf : Element::kFloat;
  l->session = &session(outputs);

  const Segments all =
      pack(std::vector(images, std::make_shared<const Segments>(l->one)),
           image_rows());
  const auto upload = [&](const std::vector<int32_t>& host) {
    return gpu_.upload(std::span<const int32_t>(host));
  };
  l->one_rows = upload(l->one.rows);
  l->one_cu = upload(l->one.cu);
  std::vector<int32_t> place;
  for (size_t i = 0; i < images; ++i)
    for (int r = 0; r < image_rows(); ++r) place.push_back(r);
  l->place = upload(place);
  l->rows = upload(all.rows);
  l->spans = upload(spans_of(all.cu));
  l->pool =
      upload({all.cu.begin(), all.cu.end() - 1});  // the class row comes first
  std::vector<int32_t> pool_spans;
  for (size_t s = 0; s + 1 < all.cu.size(); ++s)
    pool_spans.insert(pool_spans.end(), {all.cu[s], all.cu[s + 1]});
  l->pool_spans = upload(pool_spans);
  const size_t R = static_cast<size_t>(image_rows()),
               E = static_cast<size_t>(embed_dim()),
               each = static_cast<size_t>(kernels::bytes_of(l->element));
  if (outputs.whole()) {
    const WholeRows whole = whole_rows(all, image_rows());
    l->whole = upload(whole.rows);
    l->whole_spans = upload(spans_of(whole.cu));
  }
  l->patches = gpu_.allocate(
      images * R * static_cast<size_t>(v.patch_weight.shape[1]) * each);
  l->embedding =
      gpu_.allocate(static_cast<size_t>(all.count()) * E * sizeof(float));
  const size_t per_packed = all.rows.size() * E * each;
  if (outputs.value) l->value = gpu_.allocate(per_packed);
  if (outputs.raw_value) l->raw_value = gpu_.allocate(per_packed);
  if (outputs.path) l->path = gpu_.allocate(images * R * E * each);
  for (const int layer : outputs.layers)
    l->hidden.emplace_back(
        layer, gpu_.allocate(images * R * static_cast<size_t>(v.width) * each));
  return l;
}

Binding GpuTower::bind(GpuLayout& l, size_t images, int graph) {
  Binding b = l.session->bind(graph);
  const auto n = static_cast<int64_t>(images);
  const int64_t R = image_rows() * n, T = l.packed() * n, S = l.segments() * n,
                E = embed_dim(), P = vision().patch_weight.shape[1];
  const auto whole_numbers = [&](const char* name, GpuMemory& m,
                                 std::vector<int64_t> shape) {
    int64_t count = 1;
    for (const int64_t d : shape) count *= d;
    b.input(name, m.data(), static_cast<size_t>(count) * sizeof(int32_t), shape,
            ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32);
  };
  const auto output = [&](const std::string& name, GpuMemory& m, int64_t rows,
                          int64_t width, Element e) {
    b.output(name.c_str(), m.data(),
             static_cast<size_t>(rows * width * kernels::bytes_of(e)),
             {rows, width}, onnx_type(e));
  };
  b.input("patches", l.patches.data(),
          static_cast<size_t>(R * P * kernels::bytes_of(l.element)), {R, P},
          onnx_type(l.element));
  whole_numbers("position_ids", l.place, {R});
  whole_numbers("rows", l.rows, {T});
  whole_numbers("segment_bounds", l.spans, {T, 2});
  whole_numbers("pool_rows", l.pool, {S});
  whole_numbers("pool_bounds", l.pool_spans, {S, 2});
  if (l.outputs.whole()) {
    whole_numbers("whole_image_rows", l.whole, {R});
    whole_numbers("whole_image_bounds", l.whole_spans, {R, 2});
  }
  output("embedding", l.embedding, S, E, Element::kFloat);
  if (l.outputs.value) output("value", l.value, T, E, l.element);
  if (l.outputs.raw_value) output("raw_value", l.raw_value, T, E, l.element);
  if (l.outputs.path) output("path", l.path, R, E, l.element);
  for (auto& [layer, memory] : l.hidden)
    output("hidden" + std::to_string(layer), memory, R, vision().width,
           l.element);
  return b;
}

void GpuTower::run(GpuLayout& l, size_t images) {
  auto& binding = l.bindings[images];
  if (binding) return l.session->run(*binding);
  const std::lock_guard lock(
      Gpu::memory_lock());  // the first run allocates, and records
  auto made = std::make_unique<Binding>(bind(l, images, next_graph_++));
  l.session->run(*made);
  binding = std::move(made);
}

std::vector<float> GpuTower::run_relevance(GpuLayout& l, size_t images,
                                           const Targets& targets) {
  const auto P = static_cast<int64_t>(targets.segments.size()),
             R = static_cast<int64_t>(image_rows());
  GpuMemory rows = gpu_.upload(std::span<const float>(targets.rows)),
            segments = gpu_.upload(std::span<const int32_t>(targets.segments));
  GpuMemory out = gpu_.allocate(static_cast<size_t>(P * R) * sizeof(float));
  const std::lock_guard lock(Gpu::memory_lock());
  Binding b = bind(l, images, 0);
  b.input("target", rows.data(), rows.bytes(), {P, embed_dim()},
          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
  b.input("target_segment", segments.data(), segments.bytes(), {P},
          ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32);
  b.output("relevance", out.data(), out.bytes(), {P, R},
           ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
  l.session->run(b);
  std::vector<float> host(static_cast<size_t>(P * R));
  gpu_.copy(host.data(), out.data(), out.bytes());
  gpu_.wait();
  return host;
}

}  // namespace alfa
