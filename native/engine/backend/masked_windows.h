// Windows under Mask::kZero: each window is a forward of the whole view in
// which every patch outside the window is black. About 30 times the work of
// Mask::kDrop.
#pragma once
#include <span>

#include "checkpoint/architecture.h"
#include "engine/backend/image_forward.h"

namespace alfa {

// `whole`: the outputs of the views without windows; `patches`: their patches.
// Runs the windows of `segments`, and returns outputs of the same shape as
// those of a packed forward with these segments.
ForwardOutputs add_masked_windows(ForwardOutputs whole, ImageForward& tower,
                                  const Architecture& architecture,
                                  std::span<const float> patches,
                                  const Segments& segments,
                                  const ImageOutputs& requested,
                                  RunControl* control);

}  // namespace alfa
