// What JavaScript sees; lib/addon.ts holds the same list with its types. Each
// function reads its arguments, hands a task to the engine's worker, and says
// how the result becomes a JavaScript value. No arithmetic here.
#include <napi.h>

#include <cmath>

#include "arguments.h"
#include "handle.h"
#include "metrics.h"
#include "settings.h"
#include "worker.h"

namespace alfa::node {

struct EngineHandle {
  std::shared_ptr<Worker> worker;
  ~EngineHandle() { worker->abandon(); }
};

template <>
struct HandleType<EngineHandle> {
  static constexpr const char* name = "an engine";
  static constexpr napi_type_tag tag{0x8a1f6d0c53e94b27, 0x9c40d2f7a6b1e358};
};
template <>
struct HandleType<const Category> {
  static constexpr const char* name = "a category";
  static constexpr napi_type_tag tag{0x4be2937c10fd4a86, 0xb7e51c08d94f62a3};
};
template <>
struct HandleType<BankBuilder> {
  static constexpr const char* name = "a bank under way";
  static constexpr napi_type_tag tag{0x61c8e0f37a2d4b95, 0xa03bd6974ce1f258};
};
template <>
struct HandleType<const Bank> {
  static constexpr const char* name = "a bank";
  static constexpr napi_type_tag tag{0x2f90b7d4e86a4c13, 0x95d7c21e0b48fa36};
};
template <>
struct HandleType<MutualSet> {
  static constexpr const char* name = "a set of images";
  static constexpr napi_type_tag tag{0xe7b5140a93fc4d62, 0x8c6e2f95d10ba743};
};
template <>
struct HandleType<Cancel> {
  static constexpr const char* name = "a cancel";
  static constexpr napi_type_tag tag{0xd36a5e81f2074c9b, 0x8f12b6a4c07d3e95};
};

namespace {

// Errors of ours that are thrown on the event loop's thread, as JavaScript
// ones.
template <typename F>
auto translated(Napi::Env env, F&& f) {
  try {
    return f();
  } catch (const Error& e) {
    if (e.code == Code::kRange) throw_range(env, e.what());
    if (e.code == Code::kArgument) throw_argument(env, e.what());
    throw Napi::Error(env, to_js(env, e));
  }
}

Worker& worker_of(const Napi::CallbackInfo& info) {
  return *take_handle<EngineHandle>(info[0])->worker;
}

std::unique_ptr<Task> task_of(const Napi::CallbackInfo& info,
                              size_t cancel_at) {
  auto task = std::make_unique<Task>(info.Env());
  if (!info[cancel_at].IsUndefined())
    task->cancel = take_handle<Cancel>(info[cancel_at]);
  return task;
}

Napi::Value open_engine(const Napi::CallbackInfo& info) {
  if (!info[0].IsObject())
    throw_argument(info.Env(), "Expected an object of options.");
  const Napi::Object o = info[0].As<Napi::Object>();
  Worker::Options options;
  options.open.directory = string_of(o, "directory");
  options.open.runtime = string_of(o, "runtime");
  options.open.threads = count_of(o, "threads", 0);
  if (!o.Get("imageSize").IsUndefined())
    options.open.image_size = count_of(o, "imageSize", 1);
  options.open.precision = static_cast<Precision>(
      choice_of(o, "precision", {"auto", "fp32", "int8", "fp16"}));
  if (!o.Get("device").IsUndefined())
    options.open.device = string_of(o, "device");
  if (!o.Get("gpuMemory").IsUndefined())
    options.open.gpu_memory =
        static_cast<size_t>(whole_of(o, "gpuMemory", 0, kMostWhole));
  if (!o.Get("preload").IsUndefined())
    options.open.preload = strings_of(o, "preload");
  options.queue = static_cast<size_t>(count_of(o, "queue", 1));
  options.max_batch = static_cast<size_t>(count_of(o, "maxBatch", 1));
  options.open.max_batch = static_cast<int>(options.max_batch);
  if (!o.Get("batchWait").IsUndefined())
    options.batch_wait = std::chrono::microseconds(
        static_cast<int64_t>(whole_of(o, "batchWait", 0, kMostWhole)));
  const Napi::Value log = o.Get("log");
  return Worker::start(
      info.Env(), std::move(options),
      log.IsFunction() ? log.As<Napi::Function>() : Napi::Function(),
      [](Napi::Env env, std::shared_ptr<Worker> worker) {
        return make_handle(env, std::shared_ptr<EngineHandle>(
                                    new EngineHandle{std::move(worker)}));
      });
}

Napi::Value engine_info(const Napi::CallbackInfo& info) {
  const Info& i = worker_of(info).info();
  auto o = Napi::Object::New(info.Env());
  o.Set("layout", i.layout);
  o.Set("hash", i.hash);
  o.Set("device", i.device);
  o.Set("deviceName", i.device_name);
  o.Set("precision", i.precision);
  o.Set("ortVersion", i.ort_version);
  o.Set("threads", i.threads);
  o.Set("embedDim", i.embed_dim);
  o.Set("imageSize", i.image_size);
  o.Set("patch", i.patch);
  o.Set("grid", i.grid);
  o.Set("layers", i.layers);
  o.Set("context", i.context);
  o.Set("vocabulary", i.vocabulary);
  o.Set("weightBytes", static_cast<double>(i.weight_bytes));
  o.Set("deviceBytes", static_cast<double>(i.device_bytes));
  return o;
}

// A task whose result is one array of floats.
Napi::Value submit_floats(
    const Napi::CallbackInfo& info, std::unique_ptr<Task> task,
    std::function<std::vector<float>(Engine&, RunControl*)> compute) {
  auto out = std::make_shared<std::vector<float>>();
  task->run = [out, compute = std::move(compute)](Engine& engine,
                                                  RunControl* control) {
    *out = compute(engine, control);
  };
  task->result = [out](Napi::Env env) -> Napi::Value {
    return to_js(env, *out);
  };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value encode_text(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 3);
  const auto ids = span_of<int32_t>(info[1], "ids"),
             lengths = span_of<int32_t>(info[2], "lengths");
  return submit_floats(info, std::move(task),
                       [ids = std::vector(ids.begin(), ids.end()),
                        lengths = std::vector(lengths.begin(), lengths.end())](
                           Engine& engine, RunControl* control) {
                         return engine.encode_text(ids, lengths, control);
                       });
}

Napi::Value embed_image(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 3);
  const PixelView image = image_of(info[1], task->keep);
  return submit_floats(
      info, std::move(task),
      [image, fit = fit_of(info[2])](Engine& engine, RunControl* control) {
        return engine.embed_image(image, fit, control);
      });
}

Napi::Value embed_windows(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 4);
  const PixelView image = image_of(info[1], task->keep);
  const auto out = std::make_shared<Engine::WindowFeatures>();
  task->run = [out, image, fit = fit_of(info[2]),
               scales = counts_of(info[3], "scales")](Engine& engine,
                                                      RunControl* control) {
    *out = engine.embed_windows(image, fit, scales, control);
  };
  task->result = [out](Napi::Env env) -> Napi::Value {
    auto o = Napi::Object::New(env);
    o.Set("embedding", to_js(env, std::span<const float>(out->embedding)));
    o.Set("value", to_js(env, std::span<const float>(out->value)));
    return o;
  };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value create_category(const Napi::CallbackInfo& info) {
  return translated(info.Env(), [&] {
    const Settings settings = settings_of(
        info[1]);  // first: reading it may run code that detaches the arrays
    auto bank =
        info[5].IsUndefined() ? nullptr : take_handle<const Bank>(info[5]);
    return make_handle<const Category>(
        info.Env(),
        worker_of(info).engine().make_category(
            settings, span_of<float>(info[2], "normal"),
            span_of<float>(info[3], "abnormal"),
            span_of<float>(info[4], "descriptors"), std::move(bank)));
  });
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

Napi::Value create_bank(const Napi::CallbackInfo& info) {
  return translated(info.Env(), [&] {
    return make_handle<BankBuilder>(
        info.Env(), worker_of(info).engine().new_bank(settings_of(info[1])));
  });
}

Napi::Value add_reference(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 3);
  const PixelView image = image_of(info[2], task->keep);
  task->run = [bank = take_handle<BankBuilder>(info[1]), image](
                  Engine& engine, RunControl* control) {
    engine.add_reference(*bank, image, control);
  };
  task->result = nothing;
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value bank_to_js(Napi::Env env, std::shared_ptr<const Bank> bank) {
  auto o = Napi::Object::New(env);
  const auto size = Engine::size_of(*bank);
  auto entries = Napi::Array::New(env, size.entries.size());
  for (uint32_t l = 0; l < size.entries.size(); ++l)
    entries.Set(l, size.entries[l]);
  o.Set("images", size.images);
  o.Set("entries", entries);
  o.Set("bank", make_handle<const Bank>(env, std::move(bank)));
  return o;
}

Napi::Value finish_bank(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 2);
  const auto out = std::make_shared<std::shared_ptr<const Bank>>();
  task->run = [out, bank = take_handle<BankBuilder>(info[1])](Engine& engine,
                                                              RunControl*) {
    *out = engine.finish_bank(*bank);
  };
  task->result = [out](Napi::Env env) { return bank_to_js(env, *out); };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value save_category(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 4);
  if (!info[2].IsString() || !info[3].IsString())
    throw_argument(info.Env(), "Expected strings for header and file.");
  task->run = [category = take_handle<const Category>(info[1]),
               header = info[2].As<Napi::String>().Utf8Value(),
               file = info[3].As<Napi::String>().Utf8Value()](Engine& engine,
                                                              RunControl*) {
    engine.save_category(*category, header, file);
  };
  task->result = nothing;
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value load_category(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 2);
  if (!info[1].IsString())
    throw_argument(info.Env(), "Expected a string for file.");
  const auto out = std::make_shared<Engine::SavedCategory>();
  task->run = [out, file = info[1].As<Napi::String>().Utf8Value()](
                  Engine& engine, RunControl*) {
    *out = engine.load_category(file);
  };
  task->result = [out](Napi::Env env) -> Napi::Value {
    auto o = out->bank ? bank_to_js(env, out->bank).As<Napi::Object>()
                       : Napi::Object::New(env);
    o.Set("header", out->header);
    o.Set("normal", to_js(env, std::span<const float>(out->prompts[0])));
    o.Set("abnormal", to_js(env, std::span<const float>(out->prompts[1])));
    o.Set("descriptors", to_js(env, std::span<const float>(out->descriptors)));
    return o;
  };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value region_to_js(Napi::Env env, const ExplainedRegion& reasons) {
  const Region& r = reasons.region;
  auto o = Napi::Object::New(env);
  o.Set("left", r.left);
  o.Set("top", r.top);
  o.Set("width", r.width);
  o.Set("height", r.height);
  o.Set("area", r.area);
  o.Set("peak", r.peak);
  o.Set("peakX", r.peak_x);
  o.Set("peakY", r.peak_y);
  o.Set("similarity", to_js(env, std::span<const float>(reasons.similarity)));
  return o;
}

Napi::Value detection_to_js(Napi::Env env, Detection& d, double queue_ms) {
  auto o = Napi::Object::New(env);
  o.Set("score", d.score);
  o.Set("globalScore", d.global_score);
  o.Set("localScore", d.local_score);
  o.Set("ambiguous", d.ambiguous);
  o.Set("kept", pair_to_js(env, d.kept));
  o.Set("of", pair_to_js(env, d.of));
  o.Set("keptMask", to_js(env, std::span(d.kept_mask)));
  o.Set("similarity", to_js(env, std::span(d.similarity)));
  o.Set("embedding", to_js(env, std::span(d.embedding)));
  o.Set("map", given_to_js(env, std::move(d.map)));
  o.Set("mapWidth", d.map_width);
  o.Set("mapHeight", d.map_height);
  auto regions = Napi::Array::New(env, d.regions.size());
  for (uint32_t i = 0; i < d.regions.size(); ++i)
    regions.Set(i, region_to_js(env, d.regions[i]));
  o.Set("regions", regions);
  auto timings = Napi::Object::New(env);
  timings.Set("queue", queue_ms);
  timings.Set("resize", d.resize_ms);
  timings.Set("forward", d.forward_ms);
  timings.Set("score", d.score_ms);
  o.Set("timings", timings);
  return o;
}

// categories and pixelThresholds: arrays of one length; the promise settles
// with an array of results.
Napi::Value detect(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 4);
  task->detect = std::make_unique<Detect>();
  if (!info[1].IsArray() || !info[3].IsArray())
    throw_argument(info.Env(),
                   "Expected arrays for categories and pixelThresholds.");
  const auto categories = info[1].As<Napi::Array>(),
             thresholds = info[3].As<Napi::Array>();
  if (categories.Length() < 1 || categories.Length() != thresholds.Length())
    throw_range(
        info.Env(),
        "Expected as many pixelThresholds as categories, at least one.");
  for (uint32_t i = 0; i < categories.Length(); ++i) {
    auto category = take_handle<const Category>(categories.Get(i));
    const Napi::Value threshold = thresholds.Get(i);
    if (!threshold.IsNumber())
      throw_argument(info.Env(), "Expected a number for pixelThreshold.");
    task->detect->request.parts.push_back(
        {std::move(category), threshold.As<Napi::Number>().FloatValue()});
  }
  task->detect->request.image = image_of(info[2], task->keep);
  task->result = [job = task->detect.get()](Napi::Env env) -> Napi::Value {
    auto all = Napi::Array::New(env, job->detections.size());
    for (uint32_t i = 0; i < job->detections.size(); ++i)
      all.Set(i, detection_to_js(env, job->detections[i], job->queue_ms));
    return all;
  };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value warm_up(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 2);
  task->run = [category = take_handle<const Category>(info[1])](
                  Engine& engine, RunControl* control) {
    engine.warm_up(category, control);
  };
  task->result = nothing;
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value create_set(const Napi::CallbackInfo& info) {
  return translated(info.Env(), [&] {
    return make_handle<MutualSet>(info.Env(),
                                  worker_of(info).engine().new_mutual_set(
                                      take_handle<const Category>(info[1])));
  });
}

Napi::Value add_to_set(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 3);
  const PixelView image = image_of(info[2], task->keep);
  task->run = [set = take_handle<MutualSet>(info[1]), image](
                  Engine& engine, RunControl* control) {
    engine.add_to_set(*set, image, control);
  };
  task->result = nothing;
  return worker_of(info).submit(info.Env(), std::move(task));
}

int index_of(const Napi::CallbackInfo& info, size_t at) {
  const double v =
      info[at].IsNumber() ? info[at].As<Napi::Number>().DoubleValue() : -1;
  if (!(v >= 0 && v < 1 << 30) || v != std::floor(v))
    throw_range(info.Env(), "Expected the index of an image.");
  return static_cast<int>(v);
}

Napi::Value compare_in_set(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 2);
  const auto more = std::make_shared<bool>();
  task->run = [more, set = take_handle<MutualSet>(info[1])](Engine& engine,
                                                            RunControl*) {
    *more = engine.compare_in_set(*set);
  };
  task->result = [more](Napi::Env env) -> Napi::Value {
    return Napi::Boolean::New(env, *more);
  };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value clear_set(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 2);
  task->run = [set = take_handle<MutualSet>(info[1])](Engine&, RunControl*) {
    Engine::clear_set(*set);
  };
  task->result = nothing;
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value result_in_set(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 4);
  if (!info[3].IsNumber())
    throw_argument(info.Env(), "Expected a number for pixelThreshold.");
  const auto out = std::make_shared<Detection>();
  task->run = [out, set = take_handle<MutualSet>(info[1]),
               image = index_of(info, 2),
               threshold = info[3].As<Napi::Number>().FloatValue()](
                  Engine& engine, RunControl*) {
    *out = engine.result_in_set(*set, image, threshold);
  };
  task->result = [out](Napi::Env env) { return detection_to_js(env, *out, 0); };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value create_cancel(const Napi::CallbackInfo& info) {
  return make_handle(info.Env(), std::make_shared<Cancel>());
}

void cancel(const Napi::CallbackInfo& info) {
  const auto handle = take_handle<Cancel>(info[0]);
  handle->requested = true;
  if (const auto worker = handle->worker.lock()) worker->cancel(info.Env());
}

Napi::Value export_onnx(const Napi::CallbackInfo& info) {
  auto task = task_of(info, 2);
  if (!info[1].IsString())
    throw_argument(info.Env(), "Expected a string for directory.");
  task->run = [directory = info[1].As<Napi::String>().Utf8Value()](
                  Engine& engine, RunControl*) {
    engine.export_onnx(directory);
  };
  task->result = [](Napi::Env env) { return env.Undefined(); };
  return worker_of(info).submit(info.Env(), std::move(task));
}

Napi::Value close_engine(const Napi::CallbackInfo& info) {
  return worker_of(info).close(info.Env());
}

// On the event loop's thread: for tests and micro-benchmarks of the kernel, not
// for applications.
Napi::Value resize(const Napi::CallbackInfo& info) {
  std::vector<Napi::ObjectReference> keep;
  const PixelView image = image_of(info[0], keep);
  const auto side = [&](size_t i) {
    const double v =
        info[i].IsNumber() ? info[i].As<Napi::Number>().DoubleValue() : 0;
    if (!(v >= 1 && v <= 1 << 15))
      throw_range(info.Env(), "Expected an output size of 1 to 32768.");
    return static_cast<int>(v);
  };
  const int width = side(1), height = side(2);
  const Fit fit = fit_of(info[3]);
  const auto rgb = kernels::to_rgb(image);
  const auto out = fit == Fit::kSquash
                       ? kernels::resize_bicubic(rgb.data(), image.width,
                                                 image.height, width, height)
                       : kernels::fit_square(rgb.data(), image.width,
                                             image.height, width, fit);
  return to_js(info.Env(), std::span<const uint8_t>(out));
}

Napi::Value cuda(const Napi::CallbackInfo& info) {
  const CudaDevices devices = cuda_devices();
  auto names = Napi::Array::New(info.Env(), devices.names.size());
  for (uint32_t i = 0; i < devices.names.size(); ++i)
    names.Set(i, devices.names[i]);
  auto o = Napi::Object::New(info.Env());
  o.Set("devices", names);
  o.Set("whyNone", devices.unavailable_reason);
  return o;
}

void shut_down(const Napi::CallbackInfo& info) {
  Worker::shut_down_all(info.Env());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  prepare_process();  // here, since the process may have few threads yet
  const auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("openEngine", open_engine);
  add("info", engine_info);
  add("encodeText", encode_text);
  add("embedImage", embed_image);
  add("embedWindows", embed_windows);
  add("createCategory", create_category);
  add("createBank", create_bank);
  add("addReference", add_reference);
  add("finishBank", finish_bank);
  add("saveCategory", save_category);
  add("loadCategory", load_category);
  add("detect", detect);
  add("warmUp", warm_up);
  add("createSet", create_set);
  add("addToSet", add_to_set);
  add("compareInSet", compare_in_set);
  add("resultInSet", result_in_set);
  add("clearSet", clear_set);
  add("createCancel", create_cancel);
  add("cancel", cancel);
  add("exportOnnx", export_onnx);
  add("closeEngine", close_engine);
  add("shutDown", shut_down);
  add("resize", resize);
  add("cudaDevices", cuda);
  add_metrics(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(alfa, init)

}  // namespace alfa::node
