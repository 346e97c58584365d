#include "engine/backend/cpu/batch.h"

#include <algorithm>

#include "engine/clock.h"
#include "engine/views.h"

namespace alfa {

namespace {

std::vector<int> united(const std::vector<int>& a, std::vector<int> b) {
  std::sort(b.begin(), b.end());
  std::vector<int> all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(),
                 std::back_inserter(all));
  return all;
}

}  // namespace

void Demand::add(const Settings& s) {
  if (s.features.windows) scales = united(scales, s.scales);
  outputs.layers = united(outputs.layers, s.features.layers);
}

void Demand::add(const Category& category) {
  const Settings& s = category.settings;
  if (category.bank) add(s);
  if (category.counts[0] == 0) return;
  if (s.map == MapSource::kWindows) scales = united(scales, s.scales);
  const bool aligned = s.map == MapSource::kWindows &&
                       s.aligner != Aligner::kOff && !s.scales.empty();
  if (aligned || s.map == MapSource::kValues)
    (s.values == Values::kRaw ? outputs.raw_value : outputs.value) = true;
  outputs.path |= s.map == MapSource::kPath;
  outputs.relevance |= s.map == MapSource::kRelevance;
}

// On a GPU, views whose windows are black-outs and gradients of relevance go
// through the host; all else stays there.
Batch::Batch(Forward& forward, Demand demand, Mask mask)
    : forward_(&forward), demand_(std::move(demand)), mask_(mask) {
  const bool masked = mask_ == Mask::kZero && !demand_.scales.empty();
  if (forward.gpu() && !masked && !demand_.outputs.relevance)
    gpu_ = forward.gpu()->batch(demand_);
}

size_t Batch::floats() const {
  return static_cast<size_t>(forward_->image_rows()) *
         static_cast<size_t>(forward_->vision().patch_weight.shape[1]);
}

size_t Batch::add(const Picture& picture, Fit fit) {
  if (!gpu_) return add(square_of(picture, forward_->vision().image_size, fit));
  gpu_->add(picture.rgb, picture.width, picture.height,
            3 * static_cast<size_t>(picture.width), fit);
  return views_++;
}

size_t Batch::add(const Picture& picture, const kernels::Box& part) {
  if (!gpu_)
    return add(square_of(picture, part, forward_->vision().image_size));
  const size_t row = 3 * static_cast<size_t>(picture.width);
  gpu_->add(picture.rgb + static_cast<size_t>(part.top) * row +
                3 * static_cast<size_t>(part.left),
            part.width, part.height, row, Fit::kSquash);
  return views_++;
}

size_t Batch::add(const std::vector<uint8_t>& square) {
  const VisionTower& v = forward_->vision();
  if (gpu_) {
    gpu_->add(square.data(), v.image_size, v.image_size,
              3 * static_cast<size_t>(v.image_size), Fit::kSquash);
    return views_++;
  }
  patches_.resize(patches_.size() + floats());
  kernels::to_patches(square.data(), v.image_size, v.patch, v.prefix, v.mean,
                      v.std, patches_.data() + views_ * floats());
  return views_++;
}

size_t Batch::target(size_t view, const std::vector<float>& row) {
  targets_.emplace_back(view, &row);
  return targets_.size() - 1;
}

void Batch::run(RunControl* control) {
  if (gpu_) return gpu_->run(control);
  const VisionTower& v = forward_->vision();
  const auto layout = std::make_shared<const Segments>(
      image_segments(v.grid, v.prefix, demand_.scales));
  layout_ = *layout;
  const auto start = Clock::now();
  const bool masked = mask_ == Mask::kZero && !demand_.scales.empty();
  const auto run = masked ? std::make_shared<const Segments>(
                                image_segments(v.grid, v.prefix, {}))
                          : layout;
  const Segments all = pack(std::vector(views_, run), forward_->image_rows());
  Targets targets;
  for (const auto& [view, row] : targets_) {
    targets.rows.insert(targets.rows.end(), row->begin(), row->end());
    targets.segments.push_back(all.whole[view]);
  }
  out_ = forward_->image(patches_, all, demand_.outputs, targets, control);
  if (masked) run_masked(*layout, control);
  forward_ms_ = ms_since(start);
}

// Every window as a view of its own, a few at a time; its class row and its
// patches' values go where the packed pass would have put them.
void Batch::run_masked(const Segments& layout, RunControl* control) {
  constexpr int kAtOnce = 8;
  const VisionTower& v = forward_->vision();
  const size_t E = static_cast<size_t>(forward_->architecture().embed_dim),
               R = static_cast<size_t>(forward_->image_rows());
  const size_t floats = this->floats(), T = layout.rows.size(),
               S = static_cast<size_t>(layout.count());
  const auto whole =
      std::make_shared<const Segments>(image_segments(v.grid, v.prefix, {}));
  ImageOutputs outputs;
  outputs.value = demand_.outputs.value;
  outputs.raw_value = demand_.outputs.raw_value;
  masked_embedding_.resize(views_ * S * E);
  if (outputs.value) masked_value_.resize(views_ * T * E);
  if (outputs.raw_value) masked_raw_.resize(views_ * T * E);
  const auto copy_rows = [&](const float* from, const int32_t* rows,
                             size_t count, float* to) {
    for (size_t i = 0; i < count; ++i)
      std::copy_n(from + static_cast<size_t>(rows[i]) * E, E, to + i * E);
  };
  std::vector<float> patches;
  for (size_t view = 0; view < views_; ++view) {
    std::copy_n(out_.embedding + view * E, E,
                masked_embedding_.data() + view * S * E);
    if (outputs.value)
      std::copy_n(out_.value + view * R * E, R * E,
                  masked_value_.data() + view * T * E);
    if (outputs.raw_value)
      std::copy_n(out_.raw_value + view * R * E, R * E,
                  masked_raw_.data() + view * T * E);
    for (size_t first = 1; first < S; first += kAtOnce) {
      const size_t n = std::min<size_t>(kAtOnce, S - first);
      patches.resize(n * floats);
      for (size_t i = 0; i < n; ++i) {
        const int32_t begin = layout.cu[first + i];
        black_out(v, patches_.data() + view * floats,
                  layout.rows.data() + begin, layout.cu[first + i + 1] - begin,
                  patches.data() + i * floats);
      }
      const auto out = forward_->image(
          patches, pack(std::vector(n, whole), static_cast<int>(R)), outputs,
          {}, control);
      for (size_t i = 0; i < n; ++i) {
        const size_t begin = static_cast<size_t>(layout.cu[first + i]),
                     count =
                         static_cast<size_t>(layout.cu[first + i + 1]) - begin;
        std::copy_n(out.embedding + i * E, E,
                    masked_embedding_.data() + (view * S + first + i) * E);
        const int32_t* rows = layout.rows.data() + begin;
        if (outputs.value)
          copy_rows(out.value + i * R * E, rows, count,
                    masked_value_.data() + (view * T + begin) * E);
        if (outputs.raw_value)
          copy_rows(out.raw_value + i * R * E, rows, count,
                    masked_raw_.data() + (view * T + begin) * E);
      }
    }
  }
}

Features Batch::frame() const {
  Features f;
  f.segments = gpu_ ? &gpu_->segments() : &layout_;
  f.embed_dim = forward_->architecture().embed_dim;
  f.width = forward_->vision().width;
  return f;
}

Features Batch::features(size_t view) {
  if (gpu_ && !fetched_) {
    out_ = gpu_->features();
    fetched_ = true;
  }
  const size_t E = static_cast<size_t>(forward_->architecture().embed_dim),
               R = static_cast<size_t>(forward_->image_rows());
  Features f = frame();
  const size_t width = static_cast<size_t>(f.width),
               T = f.segments->rows.size(),
               S = static_cast<size_t>(f.segments->count());
  const auto from = [](const float* all, const std::vector<float>& masked,
                       size_t offset) {
    const float* base = masked.empty() ? all : masked.data();
    return base ? base + offset : nullptr;
  };
  f.embedding = from(out_.embedding, masked_embedding_, view * S * E);
  f.value = from(out_.value, masked_value_, view * T * E);
  f.raw_value = from(out_.raw_value, masked_raw_, view * T * E);
  f.path = out_.path ? out_.path + view * R * E : nullptr;
  for (const auto& [layer, rows] : out_.hidden)
    f.hidden.emplace_back(layer, rows + view * R * width);
  return f;
}

Features Batch::windows(size_t view) {
  if (!gpu_ || fetched_) return features(view);
  window_embeddings_.resize(views_);
  if (window_embeddings_[view].empty())
    window_embeddings_[view] = gpu_->embeddings(view);
  Features f = frame();
  f.embedding = window_embeddings_[view].data();
  return f;
}

std::vector<Detection> Batch::score(size_t first, size_t count,
                                    const Category& category) {
  return gpu_ ? gpu_->score(first, count, category) : std::vector<Detection>{};
}

double Batch::forward_ms() const {
  return gpu_ ? gpu_->forward_ms() : forward_ms_;
}

double Batch::resize_ms() const { return gpu_ ? gpu_->resize_ms() : 0; }

const float* Batch::relevance(size_t target) const {
  return out_.relevance + target * static_cast<size_t>(forward_->image_rows());
}

}  // namespace alfa
