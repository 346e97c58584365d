#include "engine.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>

#include "engine/forward.h"
#include "engine/score.h"
#include "kernels/upsample/upsample.h"

namespace alfa {
namespace {

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

constexpr int kTextsPerRun = 64;  // bounds the activations of a long prompt list

constexpr size_t kLayoutsKept = 32;
constexpr int64_t kMostRows = int64_t{1} << 24;  // of one image: far past any real model, far below what 32 bits count

void range(bool ok, const std::string& message) {
  if (!ok) throw Error(Code::kRange, message);
}

void check_scales(std::span<const int> scales, int grid) {
  int64_t rows = 1 + int64_t{grid} * grid;
  for (size_t i = 0; i < scales.size(); ++i) {
    const int k = scales[i];
    range(k >= 1 && k <= grid, "Expected scales between 1 and the model's grid of " + std::to_string(grid) + " patches but received " + std::to_string(k) + ".");
    for (size_t j = 0; j < i; ++j) range(scales[j] != k, "Expected each scale once but received " + std::to_string(k) + " twice.");
    rows += int64_t{grid - k + 1} * (grid - k + 1) * (1 + int64_t{k} * k);
  }
  range(rows <= kMostRows, "Expected fewer or smaller windows: these scales make " + std::to_string(rows) + " rows per image.");
}

void upsample(Detection& d, int width, int height) {
  std::vector<float> map(static_cast<size_t>(width) * height);
  kernels::upsample_bilinear(d.map.data(), d.map_width, d.map_height, width, height, map.data());
  d.map = std::move(map);
  d.map_width = width;
  d.map_height = height;
}

// Lays the map of a part into a map of the whole image; what the model was not shown is 0.
void surround(Detection& d, const kernels::Box& part, int width, int height) {
  std::vector<float> map(static_cast<size_t>(width) * height, 0.0f);
  for (int y = 0; y < part.height; ++y) {
    const float* row = d.map.data() + static_cast<size_t>(y) * part.width;
    std::copy(row, row + part.width, map.data() + static_cast<size_t>(part.top + y) * width + part.left);
  }
  d.map = std::move(map);
  d.map_width = width;
  d.map_height = height;
}

}  // namespace

struct Engine::State {
  State(Runtime& r, Architecture architecture, int threads, Log log) : forward(r, std::move(architecture), threads, std::move(log)) {}

  Forward forward;
  Info info;
  std::map<std::vector<int>, std::shared_ptr<const Segments>> layouts;  // per list of scales

  std::shared_ptr<const Segments> layout(const std::vector<int>& scales) {
    const auto found = layouts.find(scales);
    if (found != layouts.end()) return found->second;
    if (layouts.size() >= kLayoutsKept) layouts.clear();
    return layouts[scales] = std::make_shared<const Segments>(image_segments(forward.vision().grid, forward.vision().prefix, scales));
  }

  size_t patch_floats() const {  // of one image, class row included
    const VisionTower& v = forward.vision();
    return (v.prefix + static_cast<size_t>(v.grid) * v.grid) * static_cast<size_t>(v.patch_weight.shape[1]);
  }

  void to_patches(const PixelView& image, Fit fit, float* patches) const {
    const VisionTower& v = forward.vision();
    const auto rgb = kernels::to_rgb(image);
    const auto square = kernels::fit_square(rgb.data(), image.width, image.height, v.image_size, fit);
    kernels::to_patches(square.data(), v.image_size, v.patch, v.prefix, v.mean, v.std, patches);
  }
};

Engine::Engine() = default;

Engine::~Engine() {
  state_.reset();
#ifdef __GLIBC__
  malloc_trim(0);  // a closed engine's hundreds of MB go back to the system, not to the allocator's lists
#endif
}

std::unique_ptr<Engine> Engine::open(const OpenOptions& options) {
  Architecture architecture = open_checkpoint(options.directory, options.image_size);
  Runtime& runtime = Runtime::open(options.runtime);

  Info info;
  info.layout = architecture.layout;
  info.hash = architecture.hash;
  info.device = "cpu";
  info.device_name = "CPU";
  info.precision = "fp32";
  info.ort_version = runtime.version();
  // More threads than cores only wait for each other, and hundreds of them take a minute to start.
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  info.threads = options.threads > 0 ? std::min(options.threads, cores) : cores;
  info.embed_dim = architecture.embed_dim;
  if (architecture.vision) {
    info.image_size = architecture.vision->image_size;
    info.patch = architecture.vision->patch;
    info.grid = architecture.vision->grid;
  }
  if (architecture.text) {
    info.context = architecture.text->context;
    info.vocabulary = architecture.text->vocabulary;
  }
  info.weight_bytes = architecture.weight_bytes;

  std::unique_ptr<Engine> engine(new Engine());
  engine->state_ = std::make_unique<State>(runtime, std::move(architecture), info.threads, options.log);
  engine->state_->info = std::move(info);
  return engine;
}

const Info& Engine::info() const { return state_->info; }

std::vector<float> Engine::encode_text(std::span<const int32_t> ids, std::span<const int32_t> lengths, RunControl* control) {
  std::vector<float> out;
  size_t first_id = 0;
  for (size_t first = 0; first < lengths.size(); first += kTextsPerRun) {
    const auto part = lengths.subspan(first, std::min<size_t>(kTextsPerRun, lengths.size() - first));
    size_t count = 0;
    for (const int32_t length : part) count += length > 0 ? static_cast<size_t>(length) : 0;
    if (first_id + count > ids.size()) throw Error(Code::kRange, "Expected as many token ids as the lengths add up to but received fewer.");
    const auto rows = state_->forward.text(ids.subspan(first_id, count), part, control);
    out.insert(out.end(), rows.begin(), rows.end());
    first_id += count;
  }
  range(first_id == ids.size(), "Expected as many token ids as the lengths add up to (" + std::to_string(first_id) + ") but received " + std::to_string(ids.size()) + ".");
  return out;
}

std::vector<float> Engine::embed_image(const PixelView& image, Fit fit, RunControl* control) {
  std::vector<float> patches(state_->patch_floats());
  state_->to_patches(image, fit, patches.data());
  const auto features = state_->forward.image(patches, *state_->layout({}), {}, control);
  return {features.embedding, features.embedding + state_->info.embed_dim};
}

WindowFeatures Engine::embed_windows(const PixelView& image, Fit fit, std::span<const int> scales, RunControl* control) {
  check_scales(scales, state_->forward.vision().grid);
  std::vector<float> patches(state_->patch_floats());
  state_->to_patches(image, fit, patches.data());
  const auto layout = state_->layout({scales.begin(), scales.end()});
  const Segments& segments = *layout;
  const auto features = state_->forward.image(patches, segments, {.value = true}, control);
  const size_t E = static_cast<size_t>(state_->info.embed_dim);
  return {{features.embedding, features.embedding + segments.count() * E},
          {features.value, features.value + segments.rows.size() * E}};
}

Category Engine::make_category(Settings settings, std::span<const float> normal, std::span<const float> abnormal,
                               std::span<const float> descriptors) const {
  const size_t E = static_cast<size_t>(state_->info.embed_dim);
  check_scales(settings.scales, state_->forward.vision().grid);
  range(std::isfinite(settings.temperature) && settings.temperature > 0, "Expected a temperature above 0.");
  range(std::isfinite(settings.context.slope) && settings.context.slope > 0, "Expected a context slope above 0.");
  range(settings.aligner == Aligner::kOff || (std::isfinite(settings.lambda) && settings.lambda > 0), "Expected a lambda above 0.");

  Category category;
  category.settings = std::move(settings);
  const std::span<const float> sides[2] = {normal, abnormal};
  for (int label = 0; label < 2; ++label) {
    const char* name = label == 0 ? "normal" : "abnormal";
    range(!sides[label].empty() && sides[label].size() % E == 0,
          std::string("Expected ") + name + " prompt embeddings as [n, " + std::to_string(E) + "] with n >= 1 but received " + std::to_string(sides[label].size()) + " numbers.");
    for (const float v : sides[label]) range(std::isfinite(v), std::string("Expected finite ") + name + " prompt embeddings but received NaN or infinity.");
    category.prompts[label].assign(sides[label].begin(), sides[label].end());
    category.counts[label] = static_cast<int>(sides[label].size() / E);
  }
  category.embed_dim = state_->info.embed_dim;
  category.grid = state_->info.grid;
  range(descriptors.size() % E == 0, "Expected descriptor embeddings as [n, " + std::to_string(E) + "].");
  category.descriptors.assign(descriptors.begin(), descriptors.end());
  return category;
}

std::vector<Detection> Engine::detect(std::span<const Job> jobs, RunControl* control) {
  State& s = *state_;
  const VisionTower& vision = s.forward.vision();
  const size_t per_image = s.patch_floats();

  std::vector<float> patches(jobs.size() * per_image);
  std::vector<double> resize_ms(jobs.size());
  std::vector<std::shared_ptr<const Segments>> layouts;
  ImageOutputs outputs;
  for (size_t b = 0; b < jobs.size(); ++b) {
    const auto start = Clock::now();
    const Settings& settings = jobs[b].category->settings;
    range(jobs[b].category->embed_dim == s.info.embed_dim && jobs[b].category->grid == s.info.grid,
          "Expected a category of this engine's model but received one of another model.");
    s.to_patches(jobs[b].image, settings.fit, patches.data() + b * per_image);
    layouts.push_back(s.layout(settings.scales));
    outputs.value |= settings.aligner != Aligner::kOff && !settings.scales.empty();
    resize_ms[b] = ms_since(start);
  }

  const auto start = Clock::now();
  const auto features = s.forward.image(patches, pack(layouts, vision.prefix + vision.grid * vision.grid), outputs, control);
  const double forward_ms = ms_since(start);

  std::vector<Detection> detections;
  size_t segment = 0, row = 0;
  const size_t E = static_cast<size_t>(s.info.embed_dim);
  for (size_t b = 0; b < jobs.size(); ++b) {
    const auto score_start = Clock::now();
    const Features image{features.embedding + segment * E, features.value ? features.value + row * E : nullptr,
                         layouts[b].get(), vision.grid, s.info.embed_dim};
    Detection d = score_image(image, *jobs[b].category);
    segment += static_cast<size_t>(layouts[b]->count());
    row += layouts[b]->rows.size();

    const Settings& settings = jobs[b].category->settings;
    if (!d.map.empty() && settings.resolution == Resolution::kModel) upsample(d, vision.image_size, vision.image_size);
    kernels::Box shown{0, 0, d.map_width, d.map_height};
    if (!d.map.empty() && settings.resolution == Resolution::kImage) {
      const PixelView& whole = jobs[b].image;
      shown = kernels::shown_part(whole.width, whole.height, vision.image_size, settings.fit);
      upsample(d, shown.width, shown.height);
      if (settings.fit == Fit::kCrop) surround(d, shown, whole.width, whole.height);
    }
    if (!d.map.empty() && jobs[b].pixel_threshold < INFINITY)
      d.regions = explain_regions(image, *jobs[b].category, d, shown, jobs[b].pixel_threshold);
    d.resize_ms = resize_ms[b];
    d.forward_ms = forward_ms;
    d.score_ms = ms_since(score_start);
    detections.push_back(std::move(d));
  }
  return detections;
}

void Engine::export_onnx(const std::string& directory) const {
  const Architecture& a = state_->forward.architecture();
  if (a.vision) write_graph(image_graph(*a.vision, a.embed_dim, {.value = true}), directory, "image");
  if (a.text) write_graph(text_graph(*a.text, a.embed_dim), directory, "text");
}

}  // namespace alfa
