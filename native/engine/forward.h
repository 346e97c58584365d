// The two towers ready to run. Owns the checkpoint and the sessions on it.
#pragma once
#include <memory>
#include <span>

#include "checkpoint/architecture.h"
#include "engine/packing.h"
#include "runtime/session.h"

namespace alfa {

struct ImageFeatures {        // of a packed batch; memory is ORT's and lives as long as this
  std::vector<Ort::Value> outputs;
  const float* embedding;     // [S, E], unit rows
  const float* value;         // [T, E], unit rows; null where not asked for
};

class Forward {
 public:
  Forward(Runtime& runtime, Architecture architecture, int threads, Log log);

  // patches [B * (1 + grid*grid), 3*patch*patch], B images; segments over their rows.
  ImageFeatures image(std::span<const float> patches, const Segments& segments, ImageOutputs outputs, RunControl* control);

  // ids, lengths as Engine::encode_text -> [n, E]
  std::vector<float> text(std::span<const int32_t> ids, std::span<const int32_t> lengths, RunControl* control);

  const Architecture& architecture() const { return architecture_; }
  const VisionTower& vision() const;  // Error(kModelUnsupported) where the checkpoint has none
  const TextTower& text_tower() const;

 private:
  Session& image_session(ImageOutputs outputs);
  Session& text_session();
  std::unique_ptr<Session> open(const Graph& graph);

  Runtime& runtime_;
  LogTap log_;  // before the sessions, which write to it until they are gone
  Architecture architecture_;
  SessionOptions options_;
  std::unique_ptr<Session> image_[2];  // without and with `value`
  std::unique_ptr<Session> text_;
};

}  // namespace alfa
