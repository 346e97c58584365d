#include "runtime/session.h"

#include "runtime/operators.h"

namespace alfa {

Session::Session(Runtime& runtime, const Graph& graph, const SessionOptions& options) {
  guarded("opening a session", [&] {
    Ort::SessionOptions o;
    o.SetLogId(options.log_id.c_str());
    o.SetIntraOpNumThreads(options.threads);
    o.SetInterOpNumThreads(1);
    o.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    // A worker that spins after a run would take a core from the application that called us.
    o.AddConfigEntry("session.force_spinning_stop", "1");
    o.Add(operators_domain());

    std::vector<std::string> names;
    std::vector<Ort::Value> values;
    const auto cpu = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    for (const auto& [name, weight] : graph.weights) {
      names.push_back(name);
      int64_t count = 1;
      for (const int64_t d : weight.shape) count *= d;
      // ORT takes a pointer that it may write through, but never writes an initializer.
      values.push_back(Ort::Value::CreateTensor<float>(cpu, const_cast<float*>(weight.data), static_cast<size_t>(count),
                                                       weight.shape.data(), weight.shape.size()));
    }
    for (const auto& [name, weight] : graph.int8_weights) {
      names.push_back(name);
      values.push_back(Ort::Value::CreateTensor<int8_t>(cpu, const_cast<int8_t*>(weight.data), static_cast<size_t>(weight.shape[0] * weight.shape[1]),
                                                        weight.shape.data(), weight.shape.size()));
    }
    o.AddExternalInitializers(names, values);
    if (!options.packed) {
      session_ = Ort::Session(runtime.env(), graph.bytes.data(), graph.bytes.size(), o);
      return;
    }
    // Only initializers handed over by name are packed once for all sessions.
    initializers_ = std::move(values);
    for (size_t i = 0; i < names.size(); ++i) o.AddInitializer(names[i].c_str(), initializers_[i]);
    session_ = Ort::Session(runtime.env(), graph.bytes.data(), graph.bytes.size(), o, options.packed);
  });
}

std::vector<Ort::Value> Session::run(const std::vector<Feed>& feeds, const std::vector<const char*>& outputs,
                                     RunControl* control) {
  return guarded("running the model", [&] {
    const auto cpu = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    std::vector<const char*> names;
    std::vector<Ort::Value> values;
    for (const Feed& feed : feeds) {
      names.push_back(feed.name);
      values.push_back(Ort::Value::CreateTensor(cpu, const_cast<void*>(feed.data), feed.bytes, feed.shape.data(),
                                                feed.shape.size(), feed.type));
    }
    Ort::RunOptions plain;
    return session_.Run(control ? control->options() : plain, names.data(), values.data(), values.size(), outputs.data(),
                        outputs.size());
  });
}

}  // namespace alfa
