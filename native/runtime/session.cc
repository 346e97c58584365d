#include "runtime/session.h"

#include <cmath>

#include "error.h"
#include "runtime/half.h"
#include "runtime/operators.h"

namespace alfa {
namespace {

// The weights that the graph declares as fp16. They are needed only while a
// session opens, since it copies them to its device.
std::vector<std::vector<uint16_t>> convert_to_half(const Graph& graph) {
  std::vector<std::vector<uint16_t>> all;
  for (const auto& [name, weight] : graph.half_weights) {
    auto& half = all.emplace_back(weight.count());
    for (size_t i = 0; i < half.size(); ++i) {
      const float v = weight.data[i];
      if (!(std::fabs(v) <= kLargestHalf))
        throw Error(
            Code::kModelUnsupported,
            "The model has a weight (" + name + ") of " + std::to_string(v) +
                ", which is too large for fp16. Open the model with precision "
                "'fp32'.");
      half[i] = to_half(v);
    }
  }
  return all;
}

}  // namespace

Session::Session(Runtime& runtime, const Graph& graph,
                 const SessionOptions& options)
    : provider_(options.provider) {
  const auto halves = convert_to_half(graph);
  guarded("Opening a session", [&] {
    Ort::SessionOptions o;
    o.SetLogId(options.log_id.c_str());
    o.SetIntraOpNumThreads(options.threads);
    o.SetInterOpNumThreads(1);
    o.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    // Threads that spin after a run would take cores from the application.
    o.AddConfigEntry("session.force_spinning_stop", "1");
    if (provider_)
      provider_->add_to(o);
    else
      o.Add(operators_domain());

    std::vector<std::string> names;
    std::vector<Ort::Value> values;
    const auto cpu =
        Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    for (const auto& [name, weight] : graph.weights) {
      names.push_back(name);
      // ONNX Runtime's function takes a pointer to non-const data, but it never
      // writes to an initializer.
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
    // ONNX Runtime shares packed weights between sessions only for initializers
    // that were added one by one by name.
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
  return guarded("Running the model", [&] {
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

Binding::Binding(Ort::Session& session, const ExecutionProvider& provider,
                 int recording)
    : memory_(provider.memory_info()), binding_(session) {
  provider.configure(options_, recording);
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

Binding Session::bind(int recording) {
  return Binding(session_, *provider_, recording);
}

void Session::run(Binding& binding) {
  guarded("Running the model", [&] {
    provider_->prepare_run();
    session_.Run(binding.options_, binding.binding_);
  });
}

}  // namespace alfa
