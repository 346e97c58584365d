// One ONNX graph, ready to run.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/execution_provider.h"
#include "runtime/run_control.h"
#include "runtime/runtime.h"

namespace alfa {

struct SessionOptions {
  // Threads of the CPU operators; 0: one per core.
  int threads = 0;
  // The id of a LogTap, which receives the session's messages.
  std::string log_id;
  // Weights that were packed for matmul, shared by all sessions that use the
  // same weights. May be null.
  OrtPrepackedWeightsContainer* packed = nullptr;
  // Null: the session runs on the CPU. Must outlive the session.
  const ExecutionProvider* provider = nullptr;
};

// An input in the caller's memory, which must live until the run is over.
struct Feed {
  const char* name;
  const void* data;
  size_t bytes;
  std::vector<int64_t> shape;
  ONNXTensorElementDataType type;
};

// Inputs and outputs at fixed addresses in the memory of the session's device.
// All runs over a binding use the same addresses. The memory must outlive the
// binding.
class Binding {
 public:
  // `recording`: see ExecutionProvider::configure.
  Binding(Ort::Session& session, const ExecutionProvider& provider,
          int recording);
  void input(const char* name, void* data, size_t bytes,
             const std::vector<int64_t>& shape, ONNXTensorElementDataType type);
  void output(const char* name, void* data, size_t bytes,
              const std::vector<int64_t>& shape,
              ONNXTensorElementDataType type);

 private:
  friend class Session;
  Ort::Value value(void* data, size_t bytes, const std::vector<int64_t>& shape,
                   ONNXTensorElementDataType type) const;
  Ort::MemoryInfo memory_;
  Ort::IoBinding binding_;
  Ort::RunOptions options_;
  std::vector<Ort::Value> values_;
};

// The weights of the graph stay in the checkpoint, which must outlive the
// session. One thread at a time may run a session.
class Session {
 public:
  // Throws Error(kModelUnsupported) if a weight does not fit into fp16.
  Session(Runtime& runtime, const Graph& graph, const SessionOptions& options);

  // Returns the named outputs in the order of their names. They own their
  // memory. `control` may be null.
  std::vector<Ort::Value> run(const std::vector<Feed>& feeds,
                              const std::vector<const char*>& outputs,
                              RunControl* control);

  // The next two need a session with a provider. The run only launches work on
  // the device; the caller waits for the device before it reads the outputs.
  Binding bind(int recording);
  void run(Binding& binding);

 private:
  const ExecutionProvider* provider_;
  // The ONNX Runtime session refers to these values.
  std::vector<Ort::Value> initializers_;
  Ort::Session session_{nullptr};
};

}  // namespace alfa
