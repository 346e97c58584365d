#include "engine.h"

#include <algorithm>
#include <thread>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/batch.h"
#include "engine/state.h"
#include "engine/views.h"
#include "runtime/cpu.h"
#include "runtime/memory.h"

namespace alfa {
namespace {

constexpr int kTextsPerRun =
    64;  // bounds the activations of a long prompt list
constexpr int64_t kMostRows = int64_t{1}
                              << 24;  // of one image: far past any real model,
                                      // far below what 32 bits count

// Narrower models take milliseconds either way: exactness is worth more there
// than the rest of the time.
constexpr int kLeastWidth = 384;

Precision chosen(const OpenOptions& options, const Architecture& architecture) {
  const bool gpu = options.device != "cpu";
  if (!architecture.vision) return Precision::kFp32;
  if (options.precision == Precision::kAuto) {
    if (gpu) return Precision::kFp16;
    return eight_bits_fit() && architecture.vision->width >= kLeastWidth
               ? Precision::kInt8
               : Precision::kFp32;
  }
  if (options.precision == (gpu ? Precision::kInt8 : Precision::kFp16))
    throw Error(
        Code::kUnsupported,
        gpu ? "precision 'int8' is for the CPU: a GPU runs fp16 and fp32."
            : "precision 'fp16' is for GPUs: the CPU runs fp32 and int8.");
  return options.precision;
}

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::kInt8:
      return "int8";
    case Precision::kFp16:
      return "fp16";
    default:
      return "fp32";
  }
}

}  // namespace

void range(bool ok, const std::string& message) {
  if (!ok) throw Error(Code::kRange, message);
}

void check_scales(std::span<const int> scales, const VisionTower& vision) {
  const int grid = vision.grid;
  for (size_t i = 0; i < scales.size(); ++i) {
    const int k = scales[i];
    range(k >= 1 && k <= grid,
          "Expected scales between 1 and the model's grid of " +
              std::to_string(grid) + " patches but received " +
              std::to_string(k) + ".");
    for (size_t j = 0; j < i; ++j)
      range(scales[j] != k, "Expected each scale once but received " +
                                std::to_string(k) + " twice.");
  }
  const int64_t rows = rows_of(grid, vision.prefix, scales);
  range(rows <= kMostRows,
        "Expected fewer or smaller windows: these scales make " +
            std::to_string(rows) + " rows per image.");
}

Engine::Engine() = default;

Engine::~Engine() {
  state_.reset();
  give_back_memory();
}

std::unique_ptr<Engine> Engine::open(const OpenOptions& options) {
  Architecture architecture =
      open_checkpoint(options.directory, options.image_size);
  Runtime& runtime =
      options.device == "cpu"
          ? Runtime::open(options.runtime)
          : Runtime::open_exactly(options.runtime, options.preload);

  Info info;
  info.layout = architecture.layout;
  info.hash = architecture.hash;
  info.device = options.device == "cuda" ? "cuda:0" : options.device;
  info.device_name = "CPU";
  const Precision precision = chosen(options, architecture);
  info.precision = name_of(precision);
  info.ort_version = runtime.version();
  // More threads than cores only wait for each other, and hundreds of them take
  // a minute to start.
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

  std::unique_ptr<Engine> engine(new Engine());
  const size_t max_batch = static_cast<size_t>(std::max(1, options.max_batch));
  engine->state_ = std::make_unique<State>(
      runtime, std::move(architecture),
      ForwardOptions{info.threads, precision, options.device, max_batch,
                     options.gpu_memory},
      options.log);
  if (const GpuEngine* gpu = engine->state_->forward.gpu())
    info.device_name = gpu->device_name();
  engine->state_->info = std::move(info);
  engine->state_->max_batch = max_batch;
  return engine;
}

const Info& Engine::info() const {
  if (const GpuEngine* gpu = state_->forward.gpu())
    state_->info.device_bytes = gpu->held();
  return state_->info;
}

std::vector<float> Engine::encode_text(std::span<const int32_t> ids,
                                       std::span<const int32_t> lengths,
                                       RunControl* control) {
  std::vector<float> out;
  size_t first_id = 0;
  for (size_t first = 0; first < lengths.size(); first += kTextsPerRun) {
    const auto part = lengths.subspan(
        first, std::min<size_t>(kTextsPerRun, lengths.size() - first));
    size_t count = 0;
    for (const int32_t length : part)
      count += length > 0 ? static_cast<size_t>(length) : 0;
    if (first_id + count > ids.size())
      throw Error(Code::kRange,
                  "Expected as many token ids as the lengths add up to but "
                  "received fewer.");
    const auto rows =
        state_->forward.text(ids.subspan(first_id, count), part, control);
    out.insert(out.end(), rows.begin(), rows.end());
    first_id += count;
  }
  range(first_id == ids.size(),
        "Expected as many token ids as the lengths add up to (" +
            std::to_string(first_id) + ") but received " +
            std::to_string(ids.size()) + ".");
  return out;
}

std::vector<float> Engine::embed_image(const PixelView& image, Fit fit,
                                       RunControl* control) {
  Batch batch(state_->forward, {}, Mask::kDrop);
  batch.add(Picture(image), fit);
  batch.run(control);
  const float* embedding = batch.features(0).embedding;
  return {embedding, embedding + state_->info.embed_dim};
}

WindowFeatures Engine::embed_windows(const PixelView& image, Fit fit,
                                     std::span<const int> scales,
                                     RunControl* control) {
  const VisionTower& vision = state_->forward.vision();
  check_scales(scales, vision);
  Demand demand;
  demand.scales.assign(scales.begin(), scales.end());
  demand.outputs.value = true;
  Batch batch(state_->forward, demand, Mask::kDrop);
  batch.add(Picture(image), fit);
  batch.run(control);
  const Features f = batch.features(0);
  const ptrdiff_t E = f.embed_dim;
  return {
      {f.embedding, f.embedding + f.segments->count() * E},
      {f.value, f.value + static_cast<ptrdiff_t>(f.segments->rows.size()) * E}};
}

void Engine::export_onnx(const std::string& directory) const {
  const Architecture& a = state_->forward.architecture();
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

}  // namespace alfa
