// One graph ready to run. Owns nothing of the weights: they stay in the
// checkpoint, which must outlive the session.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/runtime.h"

namespace alfa {

class Gpu;

struct SessionOptions {
  int threads = 0;  // 0: one per core
  std::string log_id;
  OrtPrepackedWeightsContainer* packed =
      nullptr;         // shared by sessions over the same weights; may be null
  Gpu* gpu = nullptr;  // runs there, on its stream, and nowhere else; null: on
                       // the CPU. Outlives the session
  size_t gpu_memory = 0;  // bytes that the session may take of it for
                          // activations and weights; 0: all there is
};

struct Feed {  // an input, borrowed for the run
  const char* name;
  const void* data;
  size_t bytes;
  std::vector<int64_t> shape;
  ONNXTensorElementDataType type;
};

// A run that another thread may stop: the run then throws Error(kAborted).
class RunControl {
 public:
  RunControl() : options_() {}
  void terminate() {
    terminated_ = true;
    options_.SetTerminate();
  }
  bool terminated() const { return terminated_; }
  Ort::RunOptions& options() { return options_; }

 private:
  Ort::RunOptions options_;
  std::atomic<bool> terminated_ = false;
};

// Inputs and outputs that stay where they are, run after run, in memory of the
// session's device. What was bound must outlive it.
class Binding {
 public:
  // `graph`: of the runs over this binding; the first one is recorded as a CUDA
  // graph, later ones replay it. 0: none.
  Binding(Ort::Session& session, const Gpu* gpu, int graph);
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

class Session {
 public:
  Session(Runtime& runtime, const Graph& graph, const SessionOptions& options);

  // Runs and returns the outputs named, in that order; their memory is theirs.
  // One caller at a time.
  std::vector<Ort::Value> run(const std::vector<Feed>& feeds,
                              const std::vector<const char*>& outputs,
                              RunControl* control);

  Binding bind(int graph) { return Binding(session_, gpu_, graph); }
  void run(Binding& binding);  // launches on the GPU's stream; what it wrote is
                               // there once that has been waited for

 private:
  const Gpu* gpu_;
  std::vector<Ort::Value> initializers_;  // the session refers to them
  Ort::Session session_{nullptr};
};

}  // namespace alfa
