// Engines: open, information, embeddings, export, close, cancel.
#include "arguments.h"
#include "calls.h"
#include "exports.h"
#include "values.h"

namespace alfa::node {
namespace {

// imageSize, device, preload, gpuMemory and batchWait may be undefined.
Worker::Options options_of(const Napi::Value& value) {
  const Napi::Object object = object_of(value, "options");
  const auto count = [&](const char* key, int min) {
    return count_of(object.Get(key), key, min);
  };
  const auto bytes = [&](const char* key) {
    return integer_of(object.Get(key), key, 0, kMaxSafeInteger);
  };
  const auto has = [&](const char* key) {
    return !object.Get(key).IsUndefined();
  };
  Worker::Options options;
  OpenOptions& open = options.open;
  open.directory = string_of(object.Get("directory"), "directory");
  open.runtime = string_of(object.Get("runtime"), "runtime");
  open.threads = count("threads", 0);
  open.precision = enum_of<Precision>(object.Get("precision"), "precision");
  open.max_batch = count("maxBatch", 1);
  if (has("gpuMemory"))
    open.gpu_memory = static_cast<size_t>(bytes("gpuMemory"));
  if (has("imageSize")) open.image_size = count("imageSize", 1);
  if (has("device")) open.device = string_of(object.Get("device"), "device");
  if (has("preload"))
    open.preload = strings_of(object.Get("preload"), "preload");
  options.queue = static_cast<size_t>(count("queue", 1));
  options.max_batch = static_cast<size_t>(open.max_batch);
  if (has("batchWait"))
    options.batch_wait =
        std::chrono::microseconds(static_cast<int64_t>(bytes("batchWait")));
  return options;
}

// (options) -> promise of an engine
Napi::Value open_engine(const Napi::CallbackInfo& info) {
  Worker::Options options = options_of(info[0]);
  const Napi::Value log = object_of(info[0], "options").Get("log");
  return Worker::start(
      info.Env(), std::move(options),
      log.IsFunction() ? log.As<Napi::Function>() : Napi::Function(),
      [](Napi::Env env, std::shared_ptr<Worker> worker) {
        auto handle = std::make_shared<EngineHandle>();
        handle->worker = std::move(worker);
        return make_handle(env, std::move(handle));
      });
}

// (engine) -> information
Napi::Value engine_info(const Napi::CallbackInfo& call) {
  const Info& info = worker_of(call).info();
  auto object = Napi::Object::New(call.Env());
  object.Set("layout", info.layout);
  object.Set("hash", info.hash);
  object.Set("device", info.device);
  object.Set("deviceName", info.device_name);
  object.Set("precision", info.precision);
  object.Set("ortVersion", info.ort_version);
  object.Set("threads", info.threads);
  object.Set("embedDim", info.embed_dim);
  object.Set("imageSize", info.image_size);
  object.Set("patch", info.patch);
  object.Set("grid", info.grid);
  object.Set("layers", info.layers);
  object.Set("context", info.context);
  object.Set("vocabulary", info.vocabulary);
  object.Set("weightBytes", static_cast<double>(info.weight_bytes));
  object.Set("deviceBytes", static_cast<double>(info.device_bytes));
  return object;
}

Napi::Value floats_to_js(Napi::Env env, std::vector<float>& values) {
  return to_js(env, std::span<const float>(values));
}

// (engine, ids, lengths, cancel?) -> promise of embeddings
Napi::Value encode_text(const Napi::CallbackInfo& info) {
  auto task = new_task(info, 3);
  const auto ids = span_of<int32_t>(info[1], "ids");
  const auto lengths = span_of<int32_t>(info[2], "lengths");
  return submit<std::vector<float>>(
      info, std::move(task),
      [ids = std::vector(ids.begin(), ids.end()),
       lengths = std::vector(lengths.begin(), lengths.end())](
          Engine& engine, RunControl* control) {
        return engine.encode_text(ids, lengths, control);
      },
      floats_to_js);
}

// (engine, image, fit, cancel?) -> promise of an embedding
Napi::Value embed_image(const Napi::CallbackInfo& info) {
  auto task = new_task(info, 3);
  const PixelView image = image_of(info[1], task->keep);
  const Fit fit = enum_of<Fit>(info[2], "fit");
  return submit<std::vector<float>>(
      info, std::move(task),
      [image, fit](Engine& engine, RunControl* control) {
        return engine.embed_image(image, fit, control);
      },
      floats_to_js);
}

// (engine, directory) -> promise
Napi::Value export_onnx(const Napi::CallbackInfo& info) {
  return submit(
      info, new_task(info, 2),
      [directory = string_of(info[1], "directory")](
          Engine& engine, RunControl*) { engine.export_onnx(directory); });
}

// (engine) -> promise
Napi::Value close_engine(const Napi::CallbackInfo& info) {
  return worker_of(info).close(info.Env());
}

// () -> cancel
Napi::Value create_cancel(const Napi::CallbackInfo& info) {
  return make_handle(info.Env(), std::make_shared<Cancel>());
}

// (cancel)
void cancel(const Napi::CallbackInfo& info) {
  const auto cancel = object_in<Cancel>(info[0]);
  cancel->requested = true;
  if (const auto worker = cancel->worker.lock())
    worker->apply_cancels(info.Env());
}

// () -> { devices, whyNone }
Napi::Value list_cuda_devices(const Napi::CallbackInfo& info) {
  const CudaDevices devices = cuda_devices();
  auto object = Napi::Object::New(info.Env());
  object.Set("devices",
             to_js(info.Env(), std::span<const std::string>(devices.names)));
  object.Set("whyNone", devices.unavailable_reason);
  return object;
}

// ()
void shut_down(const Napi::CallbackInfo& info) {
  Worker::shut_down_all(info.Env());
}

}  // namespace

void export_engine(Exports& exports) {
  exports.add("openEngine", open_engine);
  exports.add("info", engine_info);
  exports.add("encodeText", encode_text);
  exports.add("embedImage", embed_image);
  exports.add("exportOnnx", export_onnx);
  exports.add("closeEngine", close_engine);
  exports.add("createCancel", create_cancel);
  exports.add("cancel", cancel);
  exports.add("cudaDevices", list_cuda_devices);
  exports.add("shutDown", shut_down);
}

}  // namespace alfa::node
