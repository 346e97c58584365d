// One graph ready to run. Owns nothing of the weights: they stay in the checkpoint, which must outlive the session.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/runtime.h"

namespace alfa {

struct SessionOptions {
  int threads = 0;  // 0: one per core
  std::string log_id;
  OrtPrepackedWeightsContainer* packed = nullptr;  // shared by sessions over the same weights; may be null
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
  void terminate() { options_.SetTerminate(); }
  Ort::RunOptions& options() { return options_; }

 private:
  Ort::RunOptions options_;
};

class Session {
 public:
  Session(Runtime& runtime, const Graph& graph, const SessionOptions& options);

  // Runs and returns the outputs named, in that order; their memory is theirs. One caller at a time.
  std::vector<Ort::Value> run(const std::vector<Feed>& feeds, const std::vector<const char*>& outputs, RunControl* control);

 private:
  std::vector<Ort::Value> initializers_;  // the session refers to them
  Ort::Session session_{nullptr};
};

}  // namespace alfa
