#include "engine.h"

#include <algorithm>
#include <thread>

#include "checkpoint/open_checkpoint.h"
#include "engine/state.h"
#include "engine/validate.h"
#include "runtime/library.h"
#include "runtime/memory.h"

namespace alfa {
namespace {

Info describe(const OpenOptions& options, const Architecture& architecture,
              const Runtime& runtime) {
  Info info;
  info.layout = architecture.layout;
  info.hash = architecture.hash;
  info.device = options.device == "cuda" ? "cuda:0" : options.device;
  info.ort_version = runtime.version();
  // More threads than cores only wait for each other, and starting hundreds of
  // them can take a minute.
  const int cores =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  info.threads = options.threads > 0 ? std::min(options.threads, cores) : cores;
  info.embed_dim = architecture.embed_dim;
  if (architecture.vision) {
    info.image_size = architecture.vision->image_size;
    info.patch = architecture.vision->patch;
    info.grid = architecture.vision->grid;
    info.layers = architecture.vision->layers;
  }
  if (architecture.text) {
    info.context = architecture.text->context;
    info.vocabulary = architecture.text->vocabulary;
  }
  info.weight_bytes = architecture.weight_bytes;
  return info;
}

BackendOptions with_log(BackendOptions options, const LogTap& tap) {
  options.log_id = tap.id();
  return options;
}

}  // namespace

Engine::State::State(Runtime& runtime, Architecture opened, Log log,
                     BackendOptions backend_options, Info information)
    : log_tap(std::move(log)),
      architecture(std::move(opened)),
      pool(information.threads),
      backend(open_backend({runtime, architecture, pool.parallel_for()},
                           with_log(backend_options, log_tap))),
      text(architecture.text
               ? std::make_unique<TextEncoder>(
                     runtime, architecture, information.threads, log_tap.id())
               : nullptr),
      info(std::move(information)),
      max_batch(backend_options.max_batch) {
  info.device_name = backend->device_name();
}

const VisionTower& Engine::State::vision() const {
  if (!architecture.vision)
    throw Error(Code::kModelUnsupported,
                architecture.file->path() +
                    " has no image tower. Use a checkpoint that has one.");
  return *architecture.vision;
}

TextEncoder& Engine::State::text_encoder() {
  if (!text)
    throw Error(Code::kModelUnsupported,
                architecture.file->path() +
                    " has no text tower. Prompts need a CLIP checkpoint, which "
                    "has both towers.");
  return *text;
}

Engine::Engine() = default;

Engine::~Engine() {
  state_.reset();
  release_freed_memory();
}

std::unique_ptr<Engine> Engine::open(const OpenOptions& options) {
  Architecture architecture =
      open_checkpoint(options.directory, options.image_size);
  Runtime& runtime = open_runtime(options);
  Info info = describe(options, architecture, runtime);
  BackendOptions backend;
  backend.device = options.device;
  backend.precision = choose_precision(options, architecture);
  backend.threads = info.threads;
  backend.max_batch = static_cast<size_t>(std::max(1, options.max_batch));
  backend.gpu_memory = options.gpu_memory;
  info.precision = name_of(backend.precision);
  std::unique_ptr<Engine> engine(new Engine());
  engine->state_ =
      std::make_unique<State>(runtime, std::move(architecture), options.log,
                              std::move(backend), std::move(info));
  return engine;
}

const Info& Engine::info() const {
  state_->info.device_bytes = state_->backend->device_bytes();
  return state_->info;
}

std::vector<float> Engine::encode_text(std::span<const int32_t> ids,
                                       std::span<const int32_t> lengths,
                                       RunControl* control) {
  return state_->text_encoder().encode(ids, lengths, control);
}

std::vector<float> Engine::embed_image(const PixelView& image, Fit fit,
                                       RunControl* control) {
  state_->vision();  // throws if there is none
  const auto batch = state_->backend->new_batch({}, Mask::kDrop);
  batch->add(RgbImage(image), fit);
  batch->run(control);
  const float* embedding = batch->features(0).embedding;
  return {embedding, embedding + state_->info.embed_dim};
}

#ifdef ALFA_TEST_API
Engine::WindowFeatures Engine::embed_windows(const PixelView& image, Fit fit,
                                             std::span<const int> scales,
                                             RunControl* control) {
  check_scales(scales, state_->vision());
  FeatureRequest request;
  request.scales.assign(scales.begin(), scales.end());
  request.outputs.value = true;
  const auto batch = state_->backend->new_batch(request, Mask::kDrop);
  batch->add(RgbImage(image), fit);
  batch->run(control);
  const Features f = batch->features(0);
  const ptrdiff_t E = f.embed_dim;
  const auto rows = static_cast<ptrdiff_t>(f.segments->rows.size());
  return {{f.embedding, f.embedding + f.segments->count() * E},
          {f.value, f.value + rows * E}};
}
#endif

void Engine::export_onnx(const std::string& directory) const {
  const Architecture& a = state_->architecture;
  if (a.vision) {
    ImageOutputs all{.value = true,
                     .raw_value = true,
                     .path = true,
                     .relevance = true,
                     .layers = {}};
    for (int l = 1; l <= a.vision->layers; ++l) all.layers.push_back(l);
    write_graph(image_graph(*a.vision, a.embed_dim, all), directory, "image");
  }
  if (a.text) write_graph(text_graph(*a.text, a.embed_dim), directory, "text");
}

void prepare_process() { disable_telemetry(); }

}  // namespace alfa
