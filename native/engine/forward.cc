#include "engine/forward.h"

#include <cmath>

#include "error.h"

namespace alfa {
namespace {

Feed feed(const char* name, std::span<const float> data, std::vector<int64_t> shape) {
  return {name, data.data(), data.size_bytes(), std::move(shape), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT};
}

Feed feed(const char* name, std::span<const int32_t> data) {
  return {name, data.data(), data.size_bytes(), {static_cast<int64_t>(data.size())}, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32};
}

// Weights that hold NaN or infinity would make every part look normal: no score is above a threshold then.
void expect_finite(const float* rows, size_t count, const std::string& file) {
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(rows[i]))
      throw Error(Code::kModelCorrupt, file + " gives embeddings that are not finite numbers; its weights are damaged. Download or convert the file again.");
}

}  // namespace

Forward::Forward(Runtime& runtime, Architecture architecture, int threads, Log log)
    : runtime_(runtime), log_(std::move(log)), architecture_(std::move(architecture)), options_{threads, log_.id()} {
  // Opened now, so that the first image does not pay for it; with values, since the default recipe reads them.
  if (architecture_.vision) image_session({.value = architecture_.text.has_value()});
  if (architecture_.text) text_session();
}

const VisionTower& Forward::vision() const {
  if (!architecture_.vision)
    throw Error(Code::kModelUnsupported, architecture_.file->path() + " has no image tower; images need a checkpoint that has one.");
  return *architecture_.vision;
}

const TextTower& Forward::text_tower() const {
  if (!architecture_.text)
    throw Error(Code::kModelUnsupported, architecture_.file->path() + " has no text tower; prompts need a CLIP checkpoint with both towers.");
  return *architecture_.text;
}

Session& Forward::image_session(ImageOutputs outputs) {
  // A session that gives more serves as well: the extra output is 1% of a forward, a second session all its weights.
  if (!outputs.value && image_[1]) return *image_[1];
  auto& session = image_[outputs.value];
  if (!session) session = open(image_graph(vision(), architecture_.embed_dim, outputs));
  return *session;
}

Session& Forward::text_session() {
  if (!text_) text_ = open(text_graph(text_tower(), architecture_.embed_dim));
  return *text_;
}

std::unique_ptr<Session> Forward::open(const Graph& graph) {
  auto session = std::make_unique<Session>(runtime_, graph, options_);
  // The session has packed what its products read; the file's pages need not stay in memory beside that.
  architecture_.file->drop_pages();
  return session;
}

ImageFeatures Forward::image(std::span<const float> patches, const Segments& segments, ImageOutputs outputs, RunControl* control) {
  const int64_t patch_size = vision().patch_weight.shape[1];
  std::vector<const char*> names{"embedding"};
  if (outputs.value) names.push_back("value");
  const std::span<const int32_t> pool(segments.cu.data(), segments.cu.size() - 1);  // the class row comes first
  ImageFeatures features{};
  features.outputs = image_session(outputs).run(
      {feed("patches", patches, {static_cast<int64_t>(patches.size()) / patch_size, patch_size}), feed("rows", segments.rows),
       feed("cu", segments.cu), feed("pool", pool)},
      names, control);
  features.embedding = features.outputs[0].GetTensorData<float>();
  expect_finite(features.embedding, static_cast<size_t>(segments.count()) * static_cast<size_t>(architecture_.embed_dim), architecture_.file->path());
  if (outputs.value) features.value = features.outputs[1].GetTensorData<float>();
  return features;
}

std::vector<float> Forward::text(std::span<const int32_t> ids, std::span<const int32_t> lengths, RunControl* control) {
  const TextTower& tower = text_tower();
  std::vector<int32_t> cu{0}, positions, pool;
  for (const int32_t length : lengths) {
    if (length < 1 || length > tower.context)
      throw Error(Code::kRange, "Expected texts of 1 to " + std::to_string(tower.context) + " tokens but received one of " + std::to_string(length) + ".");
    for (int32_t p = 0; p < length; ++p) positions.push_back(p);
    cu.push_back(cu.back() + length);
    pool.push_back(cu.back() - 1);
  }
  if (static_cast<size_t>(cu.back()) != ids.size())
    throw Error(Code::kRange, "Expected as many token ids as the lengths add up to (" + std::to_string(cu.back()) + ") but received " + std::to_string(ids.size()) + ".");
  for (const int32_t id : ids)
    if (id < 0 || id >= tower.vocabulary)
      throw Error(Code::kModelMismatch, "Token " + std::to_string(id) + " is outside the model's vocabulary of " + std::to_string(tower.vocabulary) + "; does this tokenizer belong to this checkpoint?");
  if (lengths.empty()) return {};

  const auto outputs = text_session().run({feed("ids", ids), feed("positions", positions), feed("cu", cu), feed("pool", pool)}, {"embedding"}, control);
  const float* data = outputs[0].GetTensorData<float>();
  const size_t count = lengths.size() * static_cast<size_t>(architecture_.embed_dim);
  expect_finite(data, count, architecture_.file->path());
  return {data, data + count};
}

}  // namespace alfa
