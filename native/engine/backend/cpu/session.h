// What the two towers share on the CPU: opening a session, and its inputs.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/architecture.h"
#include "runtime/session.h"

namespace alfa {

std::unique_ptr<Session> open_cpu_session(Runtime& runtime,
                                          const Architecture& architecture,
                                          const Graph& graph,
                                          const SessionOptions& options);

Feed feed(const char* name, std::span<const float> data,
          std::vector<int64_t> shape);
Feed feed(const char* name, std::span<const int32_t> data);

// Throws Error(kModelCorrupt) if an embedding is not finite. With NaN, every
// image would look normal, since no score is then above a threshold.
void check_finite(std::span<const float> embeddings,
                  const Architecture& architecture);

}  // namespace alfa
