#pragma once
#include <string>

#include "checkpoint/architecture.h"

namespace alfa {

// Opens a checkpoint folder of any layout in layouts.cc. Checks that every
// tensor the model needs is present and has the expected dtype and shape.
//
// `image_size` is the side in pixels to which images are resized for the model;
// 0 means the config's. A tower that neither the config nor the weights have is
// left out.
//
// Errors:
// - kModelNotFound: the folder or one of its files is missing.
// - kModelCorrupt: a file breaks its format.
// - kModelUnsupported: another kind of model or file, such as a pickle. The
//   message says how to convert it.
// - kModelMismatch: config and weights do not fit each other, or no tower is
//   there.
// - kRange: `image_size` is not a multiple of the patch size, or is more than
// 64
//   patches.
// - kMemory: not enough memory.
Architecture open_checkpoint(const std::string& folder, int image_size);

}  // namespace alfa
