// What an open engine holds, for the files that implement Engine.
#pragma once
#include <memory>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/text_encoder.h"
#include "runtime/pool.h"
#include "runtime/runtime.h"

namespace alfa {

struct Engine::State {
  // `backend_options`: all but log_id.
  State(Runtime& runtime, Architecture opened, Log log,
        BackendOptions backend_options, Info information);

  // Throws Error(kModelUnsupported) if the checkpoint has no such tower.
  const VisionTower& vision() const;
  TextEncoder& text_encoder();

  // Members are destroyed in reverse order. Sessions write to the log, read the
  // weights and use the pool.
  LogTap log_tap;
  const Architecture architecture;
  Pool pool;
  const std::unique_ptr<Backend> backend;
  std::unique_ptr<TextEncoder> text;  // null without a text tower
  Info info;
  size_t max_batch;
};

}  // namespace alfa
