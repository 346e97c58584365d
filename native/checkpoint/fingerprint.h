// Tells checkpoints apart without reading all weights. It is
// Architecture::hash.
#pragma once
#include <optional>
#include <string>

#include "checkpoint/architecture.h"

namespace alfa {

// SHA-256 of the header and size of the weights file, the texts of the configs,
// both ends of every tensor, and the image size if it is not the config's.
//
// The configs count because the same weights with another activation or mean
// give other results. Every tensor counts, so that a model of which one layer
// was fine-tuned differs from its parent.
std::string fingerprint(const Safetensors& file, const std::string& config,
                        const std::string& preprocessor,
                        const std::optional<VisionTower>& vision);

}  // namespace alfa
