// The image tower as a function from host memory to host memory.
#pragma once
#include <span>

#include "engine/features/features.h"
#include "graph/graph.h"
#include "runtime/run_control.h"

namespace alfa {

class ImageForward {
 public:
  virtual ~ImageForward() = default;

  // patches: [B * R, 3*patch*patch], B images of R = prefix + grid*grid rows.
  // segments: of all images; the first segment of an image is the whole image.
  // targets: empty unless outputs.relevance.
  virtual ForwardOutputs forward(std::span<const float> patches,
                                 const Segments& segments,
                                 const ImageOutputs& outputs,
                                 const RelevanceTargets& targets,
                                 RunControl* control) = 0;
};

}  // namespace alfa
