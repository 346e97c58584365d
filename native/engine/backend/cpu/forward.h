// The two towers ready to run. Owns the checkpoint and the sessions on it.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <utility>

#include "checkpoint/architecture.h"
#include "engine.h"
#include "engine/features/packing.h"
#include "graph/graph.h"
#include "runtime/session.h"

namespace alfa {

struct ImageFeatures {  // of a packed batch; its memory, ORT's or the vectors',
                        // lives as long as this
  std::vector<Ort::Value> outputs;
  std::deque<std::vector<float>> owned;
  const float* embedding = nullptr;  // [S, E], unit rows
  const float* value =
      nullptr;  // [T, E], unit rows; null where not asked for, as all below
  const float* raw_value = nullptr;  // [T, E]
  const float* path = nullptr;       // [B*R, E]
  const float* relevance = nullptr;  // [P, R]
  std::vector<std::pair<int, const float*>>
      hidden;  // per layer asked for, [B*R, width]
};

struct Targets {  // of relevance: unit rows, each for the whole image of one
                  // segment
  std::vector<float> rows;        // [P, E]
  std::vector<int32_t> segments;  // [P]
};

class GpuEngine;

struct ForwardOptions {
  int threads = 0;
  Precision precision = Precision::kFp32;  // not kAuto
  std::string device = "cpu";  // the image tower's; the text tower runs on the
                               // CPU, in fp32, on any device
  size_t max_batch = 8, gpu_memory = 0;
};

class Forward {
 public:
  Forward(Runtime& runtime, Architecture architecture,
          const ForwardOptions& options, Log log);
  ~Forward();

  // patches [B * R, 3*patch*patch], B images of R = prefix + grid*grid rows;
  // segments over their rows, an image's first one the whole of it.
  ImageFeatures image(std::span<const float> patches, const Segments& segments,
                      const ImageOutputs& outputs, const Targets& targets,
                      RunControl* control);

  // ids, lengths as Engine::encode_text -> [n, E]
  std::vector<float> text(std::span<const int32_t> ids,
                          std::span<const int32_t> lengths,
                          RunControl* control);

  const Architecture& architecture() const { return architecture_; }
  const VisionTower& vision()
      const;  // Error(kModelUnsupported) where the checkpoint has none
  const TextTower& text_tower() const;
  int image_rows() const;                        // R
  GpuEngine* gpu() const { return gpu_.get(); }  // null on the CPU

 private:
  struct ImageSession {
    ImageOutputs outputs;
    std::unique_ptr<Session> session;
  };
  ImageSession& image_session(const ImageOutputs& outputs);
  Session& text_session();
  std::unique_ptr<Session> open(const Graph& graph);

  Runtime& runtime_;
  LogTap log_;  // before the sessions, which write to it until they are gone
  Architecture architecture_;
  std::optional<QuantisedTower> quantised_;
  Ort::PrepackedWeightsContainer
      packed_;  // one copy of each packed weight, whatever sessions read it
  SessionOptions options_;
  std::vector<std::unique_ptr<ImageSession>>
      image_;  // one per set of outputs, the default recipe's first
  std::unique_ptr<Session> text_;
  std::unique_ptr<GpuEngine> gpu_;
};

}  // namespace alfa
