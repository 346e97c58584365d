#include "engine/backend/cpu/forward.h"

#include <cmath>
#include <string>

#include "engine/backend/backend.h"
#include "error.h"
#include "runtime/cpu.h"
#include "runtime/memory.h"

namespace alfa {
namespace {

Feed feed(const char* name, std::span<const float> data,
          std::vector<int64_t> shape) {
  return {name, data.data(), data.size_bytes(), std::move(shape),
          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT};
}

Feed feed(const char* name, std::span<const int32_t> data) {
  return {name,
          data.data(),
          data.size_bytes(),
          {static_cast<int64_t>(data.size())},
          ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32};
}

constexpr size_t kMostSessions = 8;

// Weights that hold NaN or infinity would make every part look normal: no score
// is above a threshold then.
void expect_finite(const float* rows, size_t count, const std::string& file) {
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(rows[i]))
      throw Error(
          Code::kModelCorrupt,
          file +
              " gives embeddings that are not finite numbers; its weights are "
              "damaged. Download or convert the file again.");
}

}  // namespace

Forward::Forward(Runtime& runtime, Architecture architecture,
                 const ForwardOptions& options, Log log)
    : runtime_(runtime),
      log_(std::move(log)),
      architecture_(std::move(architecture)),
      options_{
          .threads = options.threads, .log_id = log_.id(), .packed = packed_} {
  const bool on_gpu = options.device != "cpu" && architecture_.vision;
  if (on_gpu)
    gpu_ = open_gpu(runtime_, architecture_,
                    {options.device, options.precision == Precision::kFp16,
                     options.max_batch, options.gpu_memory, log_.id()});
  if (options.precision == Precision::kInt8 && architecture_.vision)
    quantised_ = quantise(*architecture_.vision, eight_bits_fit() ? 127 : 63);
  // Opened now, so that the first image does not pay for it; with values, since
  // the default recipe reads them.
  if (architecture_.vision && !on_gpu) {
    ImageOutputs plain;
    plain.value = architecture_.text.has_value();
    image_session(plain);
  }
  if (architecture_.text) text_session();
}

Forward::~Forward() = default;

const VisionTower& Forward::vision() const {
  if (!architecture_.vision)
    throw Error(
        Code::kModelUnsupported,
        architecture_.file->path() +
            " has no image tower; images need a checkpoint that has one.");
  return *architecture_.vision;
}

const TextTower& Forward::text_tower() const {
  if (!architecture_.text)
    throw Error(Code::kModelUnsupported,
                architecture_.file->path() +
                    " has no text tower; prompts need a CLIP checkpoint with "
                    "both towers.");
  return *architecture_.text;
}

int Forward::image_rows() const {
  return vision().prefix + vision().grid * vision().grid;
}

// Each set of outputs has a session of its own, so that no recipe pays for
// another's; their weights are one copy. Values, 1% of a forward, are no reason
// for another session.
Forward::ImageSession& Forward::image_session(const ImageOutputs& outputs) {
  vision();
  for (const auto& s : image_) {
    ImageOutputs with_values = outputs;
    with_values.value |= s->outputs.value;
    if (s->outputs.covers(outputs) && with_values.covers(s->outputs)) return *s;
  }
  if (image_.size() >= kMostSessions)
    image_.erase(image_.begin() + 1);  // the oldest but the default
  image_.push_back(std::make_unique<ImageSession>(ImageSession{
      outputs, open(image_graph(vision(), architecture_.embed_dim, outputs,
                                quantised_ ? &*quantised_ : nullptr))}));
  return *image_.back();
}

Session& Forward::text_session() {
  if (!text_) text_ = open(text_graph(text_tower(), architecture_.embed_dim));
  return *text_;
}

std::unique_ptr<Session> Forward::open(const Graph& graph) {
  auto session = std::make_unique<Session>(runtime_, graph, options_);
  // The session has packed what its products read; the file's pages need not
  // stay in memory beside that.
  architecture_.file->drop_pages();
  give_back_memory();  // packing a weight that another session has already
                       // packed leaves a copy to be freed
  return session;
}

ImageFeatures Forward::image(std::span<const float> patches,
                             const Segments& segments,
                             const ImageOutputs& outputs,
                             const Targets& targets, RunControl* control) {
  const int64_t patch_size = vision().patch_weight.shape[1],
                E = architecture_.embed_dim;
  if (gpu_) return gpu_->image(patches, segments, outputs, targets, control);
  const std::span<const int32_t> pool(
      segments.cu.data(), segments.cu.size() - 1);  // the class row comes first
  ImageSession& chosen = image_session(outputs);
  std::vector<Feed> feeds{
      feed("patches", patches,
           {static_cast<int64_t>(patches.size()) / patch_size, patch_size}),
      feed("rows", segments.rows), feed("cu_seqlens", segments.cu),
      feed("pool_rows", pool)};

  WholeRows whole;
  if (chosen.outputs.whole()) {
    whole = whole_rows(segments, image_rows());
    feeds.push_back(feed("whole_image_rows", whole.rows));
    feeds.push_back(feed("whole_image_cu_seqlens", whole.cu));
  }
  Targets nothing;
  const Targets& asked = outputs.relevance ? targets : nothing;
  if (chosen.outputs.relevance) {
    if (!outputs.relevance)
      nothing = {std::vector<float>(static_cast<size_t>(E)),
                 {segments.whole[0]}};  // a graph takes no empty input
    feeds.push_back(feed("target", asked.rows,
                         {static_cast<int64_t>(asked.segments.size()), E}));
    feeds.push_back(feed("target_segment", asked.segments));
  }

  ImageFeatures f;
  std::vector<std::string> names{"embedding"};
  std::vector<const float**> places{&f.embedding};
  const auto want = [&](bool wanted, std::string name, const float** place) {
    if (!wanted) return;
    names.push_back(std::move(name));
    places.push_back(place);
  };
  want(outputs.value, "value", &f.value);
  want(outputs.raw_value, "raw_value", &f.raw_value);
  want(outputs.path, "path", &f.path);
  want(outputs.relevance, "relevance", &f.relevance);
  for (const int layer : outputs.layers) f.hidden.emplace_back(layer, nullptr);
  for (auto& [layer, data] : f.hidden)
    want(true, "hidden" + std::to_string(layer), &data);
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());
  f.outputs = chosen.session->run(feeds, pointers, control);
  for (size_t i = 0; i < places.size(); ++i)
    *places[i] = f.outputs[i].GetTensorData<float>();
  expect_finite(f.embedding,
                static_cast<size_t>(segments.count()) * static_cast<size_t>(E),
                architecture_.file->path());
  return f;
}

std::vector<float> Forward::text(std::span<const int32_t> ids,
                                 std::span<const int32_t> lengths,
                                 RunControl* control) {
  const TextTower& tower = text_tower();
  std::vector<int32_t> cu{0}, positions, pool;
  for (const int32_t length : lengths) {
    if (length < 1 || length > tower.context)
      throw Error(Code::kRange, "Expected texts of 1 to " +
                                    std::to_string(tower.context) +
                                    " tokens but received one of " +
                                    std::to_string(length) + ".");
    for (int32_t p = 0; p < length; ++p) positions.push_back(p);
    cu.push_back(cu.back() + length);
    pool.push_back(cu.back() - 1);
  }
  if (static_cast<size_t>(cu.back()) != ids.size())
    throw Error(Code::kRange,
                "Expected as many token ids as the lengths add up to (" +
                    std::to_string(cu.back()) + ") but received " +
                    std::to_string(ids.size()) + ".");
  for (const int32_t id : ids)
    if (id < 0 || id >= tower.vocabulary)
      throw Error(Code::kModelMismatch,
                  "Token " + std::to_string(id) +
                      " is outside the model's vocabulary of " +
                      std::to_string(tower.vocabulary) +
                      "; does this tokenizer belong to this checkpoint?");
  if (lengths.empty()) return {};

  const auto outputs =
      text_session().run({feed("token_ids", ids), feed("positions", positions),
                          feed("cu_seqlens", cu), feed("pool_rows", pool)},
                         {"embedding"}, control);
  const float* data = outputs[0].GetTensorData<float>();
  const size_t count =
      lengths.size() * static_cast<size_t>(architecture_.embed_dim);
  expect_finite(data, count, architecture_.file->path());
  return {data, data + count};
}

}  // namespace alfa
