// The image tower on the CPU.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/image_forward.h"
#include "graph/quantised.h"
#include "runtime/session.h"

namespace alfa {

class CpuTower : public ImageForward {
 public:
  CpuTower(const BackendContext& context, const BackendOptions& options);

  ForwardOutputs forward(std::span<const float> patches,
                         const Segments& segments, const ImageOutputs& outputs,
                         const RelevanceTargets& targets,
                         RunControl* control) override;

 private:
  struct ImageSession {
    ImageOutputs outputs;
    std::unique_ptr<Session> session;
  };
  ImageSession& session(const ImageOutputs& outputs);

  Runtime& runtime_;
  const Architecture& architecture_;
  std::optional<QuantisedTower> quantised_;
  // One copy of each packed weight, which all sessions share.
  Ort::PrepackedWeightsContainer packed_;
  SessionOptions options_;
  // One session for each set of outputs, so that a recipe does not compute the
  // outputs of another. The first is that of the default recipe.
  std::vector<std::unique_ptr<ImageSession>> sessions_;
};

}  // namespace alfa
