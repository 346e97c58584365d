#include "runtime/session.h"

#include <cmath>

#include "error.h"
#include "half.h"
#include "runtime/cuda/session.h"
#include "runtime/operators.h"

namespace alfa {

namespace {

// Weights as fp16, for the time that a session takes to open: it keeps a copy
// of its own on the device.
std::vector<std::vector<uint16_t>> halves_of(const Graph& graph) {
  std::vector<std::vector<uint16_t>> all;
  for (const auto& [name, weight] : graph.half_weights) {
    auto& half = all.emplace_back(weight.count());
    for (size_t i = 0; i < half.size(); ++i) {
      const float v = weight.data[i];
      if (!(std::fabs(v) <= kLargestHalf))
        throw Error(
            Code::kModelUnsupported,
            "A weight of the model (" + name + ") is " + std::to_string(v) +
                ", which fp16 cannot hold; open it with precision 'fp32'.");
      half[i] = to_half(v);
    }
  }
  return all;
}

}  // namespace

Session::Session(Runtime& runtime, const Graph& graph,
                 const SessionOptions& options)
    : gpu_(options.gpu) {
  const auto halves = halves_of(graph);
  guarded("opening a session", [&] {
    Ort::SessionOptions o;
    o.SetLogId(options.log_id.c_str());
    o.SetIntraOpNumThreads(options.threads);
    o.SetInterOpNumThreads(1);
    o.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    // A worker that spins after a run would take a core from the application
    // that called us.
    o.AddConfigEntry("session.force_spinning_stop", "1");
    if (gpu_)
      add_gpu(o, options);
    else
      o.Add(operators_domain());

    std::vector<std::string> names;
    std::vector<Ort::Value> values;
    const auto cpu =
        Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    for (const auto& [name, weight] : graph.weights) {
      names.push_back(name);
      // ORT takes a pointer that it may write through, but never writes an
      // initializer.
      values.push_back(Ort::Value::CreateTensor<float>(
          cpu, const_cast<float*>(weight.data), weight.count(),
          weight.shape.data(), weight.shape.size()));
    }
    for (const auto& [name, weight] : graph.int8_weights) {
      names.push_back(name);
      values.push_back(Ort::Value::CreateTensor<int8_t>(
          cpu, const_cast<int8_t*>(weight.data),
          static_cast<size_t>(weight.shape[0] * weight.shape[1]),
          weight.shape.data(), weight.shape.size()));
    }
    for (size_t i = 0; i < halves.size(); ++i) {
      const auto& [name, weight] = graph.half_weights[i];
      names.push_back(name);
      values.push_back(Ort::Value::CreateTensor(
          cpu, const_cast<uint16_t*>(halves[i].data()), 2 * halves[i].size(),
          weight.shape.data(), weight.shape.size(),
          ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16));
    }
    o.AddExternalInitializers(names, values);
    if (!options.packed) {
      session_ = Ort::Session(runtime.env(), graph.bytes.data(),
                              graph.bytes.size(), o);
      return;
    }
    // Only initializers handed over by name are packed once for all sessions.
    initializers_ = std::move(values);
    for (size_t i = 0; i < names.size(); ++i)
      o.AddInitializer(names[i].c_str(), initializers_[i]);
    session_ = Ort::Session(runtime.env(), graph.bytes.data(),
                            graph.bytes.size(), o, options.packed);
  });
}

std::vector<Ort::Value> Session::run(const std::vector<Feed>& feeds,
                                     const std::vector<const char*>& outputs,
                                     RunControl* control) {
  return guarded("running the model", [&] {
    const auto cpu =
        Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    std::vector<const char*> names;
    std::vector<Ort::Value> values;
    for (const Feed& feed : feeds) {
      names.push_back(feed.name);
      values.push_back(Ort::Value::CreateTensor(
          cpu, const_cast<void*>(feed.data), feed.bytes, feed.shape.data(),
          feed.shape.size(), feed.type));
    }
    Ort::RunOptions plain;
    return session_.Run(control ? control->options() : plain, names.data(),
                        values.data(), values.size(), outputs.data(),
                        outputs.size());
  });
}

Binding::Binding(Ort::Session& session, const Gpu* gpu, int graph)
    : memory_(gpu_memory_info(*gpu)), binding_(session) {
  options_.AddConfigEntry("disable_synchronize_execution_providers", "1");
  options_.AddConfigEntry("gpu_graph_id",
                          std::to_string(graph == 0 ? -1 : graph).c_str());
}

Ort::Value Binding::value(void* data, size_t bytes,
                          const std::vector<int64_t>& shape,
                          ONNXTensorElementDataType type) const {
  return Ort::Value::CreateTensor(memory_, data, bytes, shape.data(),
                                  shape.size(), type);
}

void Binding::input(const char* name, void* data, size_t bytes,
                    const std::vector<int64_t>& shape,
                    ONNXTensorElementDataType type) {
  binding_.BindInput(name,
                     values_.emplace_back(value(data, bytes, shape, type)));
}

void Binding::output(const char* name, void* data, size_t bytes,
                     const std::vector<int64_t>& shape,
                     ONNXTensorElementDataType type) {
  binding_.BindOutput(name,
                      values_.emplace_back(value(data, bytes, shape, type)));
}

void Session::run(Binding& binding) {
  guarded("running the model", [&] {
    hand_over(*gpu_);
    session_.Run(binding.options_, binding.binding_);
  });
}

}  // namespace alfa
