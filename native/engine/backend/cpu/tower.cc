#include "engine/backend/cpu/tower.h"

#include <utility>

#include "engine/backend/cpu/session.h"
#include "runtime/cpu.h"

namespace alfa {
namespace {

constexpr size_t kMaxSessions = 8;

}  // namespace

CpuTower::CpuTower(const BackendContext& context, const BackendOptions& options)
    : runtime_(context.runtime),
      architecture_(context.architecture),
      options_{.threads = options.threads,
               .log_id = options.log_id,
               .packed = packed_} {
  const VisionTower& vision = *architecture_.vision;
  if (options.precision == Precision::kInt8)
    quantised_ = quantise(vision, has_8_bit_dot_product() ? 127 : 63);
  // Opened here, so that the first image does not wait for it. It computes
  // values too, because the default recipe needs them.
  ImageOutputs of_default_recipe;
  of_default_recipe.value = architecture_.text.has_value();
  session(of_default_recipe);
}

CpuTower::ImageSession& CpuTower::session(const ImageOutputs& outputs) {
  for (const auto& s : sessions_) {
    // Values take 1% of a forward, so a session that computes them in addition
    // will do.
    ImageOutputs with_values = outputs;
    with_values.value |= s->outputs.value;
    if (s->outputs.covers(outputs) && with_values.covers(s->outputs)) return *s;
  }
  // Closes the oldest session, but keeps that of the default recipe.
  if (sessions_.size() >= kMaxSessions) sessions_.erase(sessions_.begin() + 1);
  const Graph graph =
      image_graph(*architecture_.vision, architecture_.embed_dim, outputs,
                  quantised_ ? &*quantised_ : nullptr);
  sessions_.push_back(std::make_unique<ImageSession>(ImageSession{
      outputs, open_cpu_session(runtime_, architecture_, graph, options_)}));
  return *sessions_.back();
}

ForwardOutputs CpuTower::forward(std::span<const float> patches,
                                 const Segments& segments,
                                 const ImageOutputs& outputs,
                                 const RelevanceTargets& targets,
                                 RunControl* control) {
  const VisionTower& vision = *architecture_.vision;
  const int rows = vision.prefix + vision.grid * vision.grid;
  const int64_t patch_size = vision.patch_weight.shape[1];
  const int64_t E = architecture_.embed_dim;
  ImageSession& chosen = session(outputs);

  // The first row of a segment is its class row.
  const std::span<const int32_t> class_rows(segments.cu_seqlens.data(),
                                            segments.cu_seqlens.size() - 1);
  std::vector<Feed> feeds{
      feed("patches", patches,
           {static_cast<int64_t>(patches.size()) / patch_size, patch_size}),
      feed("rows", segments.rows), feed("cu_seqlens", segments.cu_seqlens),
      feed("pool_rows", class_rows)};
  WholeRows whole;
  if (chosen.outputs.needs_whole_images()) {
    whole = whole_rows(segments, rows);
    feeds.push_back(feed("whole_image_rows", whole.rows));
    feeds.push_back(feed("whole_image_cu_seqlens", whole.cu_seqlens));
  }
  RelevanceTargets placeholder;
  const RelevanceTargets* used = &targets;
  if (chosen.outputs.relevance) {
    // A graph does not take empty inputs.
    if (!outputs.relevance) {
      placeholder = {std::vector<float>(static_cast<size_t>(E)),
                     {segments.whole[0]}};
      used = &placeholder;
    }
    feeds.push_back(feed("target", used->rows,
                         {static_cast<int64_t>(used->segments.size()), E}));
    feeds.push_back(feed("target_segment", used->segments));
  }

  ForwardOutputs f;
  std::vector<std::string> names{"embedding"};
  std::vector<const float**> destinations{&f.embedding};
  const auto request = [&](bool requested, std::string name,
                           const float** destination) {
    if (!requested) return;
    names.push_back(std::move(name));
    destinations.push_back(destination);
  };
  request(outputs.value, "value", &f.value);
  request(outputs.raw_value, "raw_value", &f.raw_value);
  request(outputs.path, "path", &f.path);
  request(outputs.relevance, "relevance", &f.relevance);
  for (const int layer : outputs.layers) f.hidden.emplace_back(layer, nullptr);
  for (auto& [layer, data] : f.hidden)
    request(true, "hidden" + std::to_string(layer), &data);
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());

  const auto tensors = std::make_shared<std::vector<Ort::Value>>(
      chosen.session->run(feeds, pointers, control));
  for (size_t i = 0; i < destinations.size(); ++i)
    *destinations[i] = (*tensors)[i].GetTensorData<float>();
  f.memory = tensors;
  check_finite({f.embedding, static_cast<size_t>(segments.count() * E)},
               architecture_);
  return f;
}

}  // namespace alfa
