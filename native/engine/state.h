// What an open engine holds, shared by the files that implement it.
#pragma once
#include "engine/backend/cpu/batch.h"
#include "engine/backend/cpu/forward.h"
#include "runtime/pool.h"

namespace alfa {

struct Engine::State {
  State(Runtime& r, Architecture architecture, const ForwardOptions& options,
        Log log)
      : forward(r, std::move(architecture), options, std::move(log)),
        pool(options.threads) {}

  Forward forward;
  Pool pool;
  Info info;
  size_t max_batch = 8;
};

// Error(kRange) unless `ok`.
void range(bool ok, const std::string& message);
void check_scales(std::span<const int> scales, const VisionTower& vision);

// The map of a view of the whole image, from the grid to the category's
// resolution; returns where the view lies in it.
kernels::Box to_resolution(Detection& d, const Settings& settings,
                           const VisionTower& vision, int width, int height);

}  // namespace alfa
