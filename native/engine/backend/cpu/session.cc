#include "engine/backend/cpu/session.h"

#include <cmath>
#include <utility>

#include "error.h"
#include "runtime/memory.h"

namespace alfa {

std::unique_ptr<Session> open_cpu_session(Runtime& runtime,
                                          const Architecture& architecture,
                                          const Graph& graph,
                                          const SessionOptions& options) {
  auto session = std::make_unique<Session>(runtime, graph, options);
  // The session has packed the weights of its matmuls. The pages of the file
  // need not stay in memory too.
  architecture.file->drop_pages();
  // Packing a weight that another session has packed before leaves a copy that
  // was freed at once.
  release_freed_memory();
  return session;
}

Feed feed(const char* name, std::span<const float> data,
          std::vector<int64_t> shape) {
  return {name, data.data(), data.size_bytes(), std::move(shape),
          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT};
}

Feed feed(const char* name, std::span<const int32_t> data) {
  return {name,
          data.data(),
          data.size_bytes(),
          {static_cast<int64_t>(data.size())},
          ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32};
}

void check_finite(std::span<const float> embeddings,
                  const Architecture& architecture) {
  for (const float v : embeddings)
    if (!std::isfinite(v))
      throw Error(Code::kModelCorrupt,
                  "The embeddings of " + architecture.file->path() +
                      " are not finite numbers, because its weights are "
                      "damaged. Download or convert the file again.");
}

}  // namespace alfa
