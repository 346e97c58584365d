// Checks of arguments that depend on the model.
#pragma once
#include <span>
#include <string>

#include "checkpoint/architecture.h"

namespace alfa {

// Throws Error(kRange) with the message unless `ok`.
void check_range(bool ok, const std::string& message);

// Each scale must fit the grid and appear once. Together they must not make
// more rows than 32 bits can count.
void check_scales(std::span<const int> scales, const VisionTower& vision);

}  // namespace alfa
