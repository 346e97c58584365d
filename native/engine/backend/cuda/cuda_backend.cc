// The GPU's side of an engine: pixels staged and resized there, the tower run,
// answers scored there or features fetched.
#include <algorithm>
#include <cstring>

#include "engine/backend/backend.h"
#include "engine/backend/cuda/lru_cache.h"
#include "engine/backend/cuda/scorer.h"
#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/resize/resize_cuda.h"

namespace alfa {
namespace {

using kernels::Element;

constexpr size_t kMostResizes = 64;

// Pixels of a batch on their way to the device: pinned, so that the copy runs
// beside the host, and grown when needed.
class Staging {
 public:
  explicit Staging(Gpu& gpu) : gpu_(gpu) {}

  uint8_t* take(size_t bytes) {
    const size_t at = used_;
    used_ += (bytes + 15) / 16 * 16;
    if (used_ > host_.bytes()) {
      GpuMemory larger = gpu_.pinned(std::max(used_, 2 * host_.bytes()));
      if (at) std::memcpy(larger.data(), host_.data(), at);
      host_ = std::move(larger);
    }
    return host_.as<uint8_t>() + at;
  }
  size_t used() const { return used_; }
  // Starts the copy; what was taken lies at the same places there.
  const uint8_t* send() {
    if (device_.bytes() < used_) {
      gpu_.wait();
      device_ = {};
      device_ = gpu_.allocate(host_.bytes());
    }
    gpu_.copy(device_.data(), host_.data(), used_);
    return device_.as<uint8_t>();
  }
  void clear() { used_ = 0; }

 private:
  Gpu& gpu_;
  GpuMemory host_, device_;
  size_t used_ = 0;
};

class CudaEngine : public GpuEngine {
 public:
  CudaEngine(Runtime& runtime, std::unique_ptr<Gpu> gpu,
             const Architecture& architecture, const GpuOptions& options)
      : gpu_(std::move(gpu)),
        tower_(runtime, *gpu_, architecture, options.half, options.max_batch,
               {.threads = 1,
                .log_id = options.log_id,
                .packed = nullptr,
                .gpu = nullptr,
                .gpu_memory = options.memory}),
        scorer_(tower_, clock_, options.max_batch),
        staging_(*gpu_) {}
  ~CudaEngine() override {
    gpu_->enter();
    gpu_->wait();
  }

  const std::string& device_name() const override { return gpu_->name(); }
  size_t held() const override { return gpu_->held(); }
  std::unique_ptr<GpuBatch> batch(const Demand& demand) override;
  ImageFeatures image(std::span<const float> patches, const Segments& segments,
                      const ImageOutputs& outputs, const Targets& targets,
                      RunControl* control) override;

  Gpu& gpu() { return *gpu_; }
  GpuTower& tower() { return tower_; }
  GpuScorer& scorer() { return scorer_; }
  Staging& staging() { return staging_; }
  GpuClock& clock() { return clock_; }

  struct Resize {
    int width, height;
    Fit fit;
    kernels::ResizePlan plan;
    GpuMemory tables;
  };
  const Resize& resize(int width, int height, Fit fit);
  uint8_t* scratch(size_t bytes);
  // The first `images` images' worth of what the layout holds, as fp32 on the
  // host.
  ImageFeatures fetch(const GpuLayout& layout, size_t images);

 private:
  std::vector<float> fetch(const GpuMemory& memory, Element element,
                           size_t count);

  std::unique_ptr<Gpu> gpu_;
  GpuClock clock_;
  GpuTower tower_;
  GpuScorer scorer_;
  Staging staging_;
  GpuMemory scratch_, converted_;
  Recent<Resize> resizes_{
      kMostResizes};  // forgetting one frees memory, which waits for the device
};

void stop_if(RunControl* control) {
  if (control && control->terminated())
    throw Error(Code::kAborted, "running the model was cancelled.");
}

class CudaBatch : public GpuBatch {
 public:
  CudaBatch(CudaEngine& engine, const Demand& demand)
      : engine_(engine), demand_(demand) {
    engine.staging().clear();
  }

  void add(const uint8_t* rgb, int width, int height, size_t row_bytes,
           Fit fit) override {
    const size_t row = 3 * static_cast<size_t>(width), pitch = pitch_of(width);
    views_.push_back({engine_.staging().used(), width, height, fit});
    uint8_t* to = engine_.staging().take(pitch * static_cast<size_t>(height));
    for (int y = 0; y < height; ++y)
      std::memcpy(to + static_cast<size_t>(y) * pitch,
                  rgb + static_cast<size_t>(y) * row_bytes, row);
  }

  void run(RunControl* control) override {
    stop_if(control);
    Gpu& gpu = engine_.gpu();
    gpu.enter();
    GpuTower& tower = engine_.tower();
    const VisionTower& v = tower.vision();
    layout_ = &tower.layout(demand_.scales, demand_.outputs, views_.size());
    const size_t view_bytes =
        static_cast<size_t>(tower.image_rows()) *
        static_cast<size_t>(v.patch_weight.shape[1]) *
        static_cast<size_t>(kernels::bytes_of(layout_->element));
    engine_.clock().mark(gpu, 0);
    const uint8_t* pixels = engine_.staging().send();
    for (size_t i = 0; i < views_.size(); ++i) {
      const View& view = views_[i];
      const CudaEngine::Resize& r =
          engine_.resize(view.width, view.height, view.fit);
      kernels::CudaResize task{};
      task.plan = &r.plan;
      task.tables = r.tables.as<int32_t>();
      task.pixels = pixels + view.at;
      task.row_bytes = static_cast<ptrdiff_t>(pitch_of(view.width));
      task.scratch = engine_.scratch(r.plan.scratch_bytes);
      task.patch = v.patch;
      task.prefix = v.prefix;
      std::copy_n(v.mean, 3, task.mean);
      std::copy_n(v.std, 3, task.std);
      task.element = layout_->element;
      task.patches = layout_->patches.as<char>() + i * view_bytes;
      resize_cuda(task, gpu.stream());
    }
    engine_.clock().mark(gpu, 1);
    tower.run(*layout_, views_.size());
    engine_.clock().mark(gpu, 2);
  }

  std::vector<Detection> score(size_t first, size_t count,
                               const Category& category) override {
    if (!engine_.scorer().takes(category)) return {};
    return engine_.scorer().score(*layout_, first, count, category);
  }

  const Segments& segments() const override { return layout_->one; }
  ImageFeatures features() override {
    return engine_.fetch(*layout_, views_.size());
  }

  std::vector<float> embeddings(size_t view) override {
    const size_t count = static_cast<size_t>(layout_->segments()) *
                         static_cast<size_t>(engine_.tower().embed_dim());
    std::vector<float> host(count);
    engine_.gpu().copy(host.data(),
                       layout_->embedding.as<float>() + view * count,
                       count * sizeof(float));
    engine_.gpu().wait();
    return host;
  }

  double resize_ms() const override { return engine_.clock().ms(0, 1); }
  double forward_ms() const override { return engine_.clock().ms(1, 2); }

 private:
  // Bytes from one staged row to the next: the resize reads words.
  static size_t pitch_of(int width) {
    return (3 * static_cast<size_t>(width) + 3) / 4 * 4;
  }

  struct View {
    size_t at;  // of its pixels in the staging
    int width, height;
    Fit fit;
  };
  CudaEngine& engine_;
  Demand demand_;
  std::vector<View> views_;
  GpuLayout* layout_ = nullptr;
};

std::unique_ptr<GpuBatch> CudaEngine::batch(const Demand& demand) {
  gpu_->enter();
  return std::make_unique<CudaBatch>(*this, demand);
}

const CudaEngine::Resize& CudaEngine::resize(int width, int height, Fit fit) {
  if (const Resize* known = resizes_.find([&](const Resize& r) {
        return r.width == width && r.height == height && r.fit == fit;
      }))
    return *known;
  Resize made{
      width,
      height,
      fit,
      kernels::plan_resize(width, height, tower_.vision().image_size, fit),
      {}};
  made.tables = gpu_->upload(std::span<const int32_t>(made.plan.tables));
  return resizes_.add(std::move(made));
}

uint8_t* CudaEngine::scratch(size_t bytes) {
  if (scratch_.bytes() < bytes) {
    gpu_->wait();
    scratch_ = {};
    scratch_ = gpu_->allocate(bytes);
  }
  return scratch_.as<uint8_t>();
}

std::vector<float> CudaEngine::fetch(const GpuMemory& memory, Element element,
                                     size_t count) {
  std::vector<float> host(count);
  const void* from = memory.data();
  if (element == Element::kHalf) {
    if (converted_.bytes() < count * sizeof(float)) {
      converted_ = {};
      converted_ = gpu_->allocate(count * sizeof(float));
    }
    convert_cuda(Element::kHalf, from, Element::kFloat, converted_.data(),
                 static_cast<int64_t>(count), gpu_->stream());
    from = converted_.data();
  }
  gpu_->copy(host.data(), from, count * sizeof(float));
  gpu_->wait();
  return host;
}

ImageFeatures CudaEngine::fetch(const GpuLayout& l, size_t images) {
  const size_t E = static_cast<size_t>(tower_.embed_dim()),
               R = static_cast<size_t>(tower_.image_rows());
  ImageFeatures f;
  const auto take = [&](const GpuMemory& memory, Element element,
                        size_t count) -> const float* {
    if (!memory) return nullptr;
    f.owned.push_back(fetch(memory, element, count));
    return f.owned.back().data();
  };
  const size_t packed = static_cast<size_t>(l.packed()) * images * E;
  f.embedding = take(l.embedding, Element::kFloat,
                     static_cast<size_t>(l.segments()) * images * E);
  tower_.expect_finite(f.owned.back());
  f.value = take(l.value, l.element, packed);
  f.raw_value = take(l.raw_value, l.element, packed);
  f.path = take(l.path, l.element, images * R * E);
  for (const auto& [layer, memory] : l.hidden)
    f.hidden.emplace_back(
        layer, take(memory, l.element,
                    images * R * static_cast<size_t>(tower_.vision().width)));
  return f;
}

ImageFeatures CudaEngine::image(std::span<const float> patches,
                                const Segments& segments,
                                const ImageOutputs& outputs,
                                const Targets& targets, RunControl* control) {
  stop_if(control);
  gpu_->enter();
  const size_t images = segments.whole.size();
  GpuLayout& l = tower_.layout(segments.scales, outputs, images);
  GpuMemory given = gpu_->upload(patches);
  convert_cuda(Element::kFloat, given.data(), l.element, l.patches.data(),
               static_cast<int64_t>(patches.size()), gpu_->stream());
  std::vector<float> relevance;
  if (outputs.relevance && !targets.segments.empty())
    relevance = tower_.run_relevance(l, images, targets);
  else
    tower_.run(l, images);
  ImageFeatures f = fetch(l, images);
  if (!relevance.empty()) {
    f.owned.push_back(std::move(relevance));
    f.relevance = f.owned.back().data();
  }
  return f;
}

}  // namespace

std::unique_ptr<GpuEngine> open_gpu(Runtime& runtime,
                                    const Architecture& architecture,
                                    const GpuOptions& options) {
  auto gpu = Gpu::open(options.device);
  return std::make_unique<CudaEngine>(runtime, std::move(gpu), architecture,
                                      options);
}

}  // namespace alfa
