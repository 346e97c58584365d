#include "engine/backend/cuda/scorer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/features/bank.h"
#include "kernels/aligner/aligner_cuda.h"
#include "kernels/contextual/contextual_cuda.h"
#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/harmonic_map/harmonic_map_cuda.h"
#include "kernels/nearest/nearest_cuda.h"
#include "kernels/patch_features/patch_features_cuda.h"
#include "kernels/upsample/upsample_cuda.h"
#include "runtime/half.h"

namespace alfa {
namespace {

using kernels::Element;

// Places in one allocation, each aligned for vector loads.
class Places {
 public:
  size_t take(size_t bytes) {
    const size_t at = size_;
    size_ = (size_ + bytes + 255) / 256 * 256;
    return at;
  }
  size_t size() const { return size_; }

 private:
  size_t size_ = 0;
};

int levels_of(const Settings& s) {
  return static_cast<int>(s.features.layers.size() *
                              s.features.neighbourhoods.size() +
                          (s.features.windows ? s.scales.size() : 0));
}

}  // namespace

struct GpuScorer::Resident {
  std::weak_ptr<const int> token;  // of the category
  GpuMemory prompts;               // [n0 + n1, E] fp32
  struct Level {
    GpuMemory rows;  // [count, width]
    Element element;
    int count, width;
  };
  std::vector<Level> levels;  // of its bank
};

struct GpuScorer::Chain {
  std::shared_ptr<Resident> resident;
  Settings settings;
  int counts[2];
  const GpuLayout* layout;
  int layout_id;
  size_t first, count;
  GpuMemory work;  // what only kernels read
  GpuMemory answers,
      host;  // what comes back: the device's, and the pinned copy
  GpuMemory windows, whole;  // segments to score; each image's whole segment
  int window_count = 0, longest = 0;
  bool map = false, shown = false;  // whether there is a map; whether it is
                                    // brought to the model's resolution
  // Places: of `answers` first, then of `work`.
  size_t similarity, kept, summary, global, score, local, embedding, grid_map,
      shown_map;
  size_t prompt_score, direction, window_score, bank_map;
  struct Level {
    size_t rows, similarity, distance, scratch;
  };
  std::vector<Level> levels;
  std::vector<kernels::CudaNearest> searches;
  GpuGraph graph;
  int runs = 0;

  template <typename T>
  T* at(const GpuMemory& m, size_t place) const {
    return reinterpret_cast<T*>(m.as<char>() + place);
  }
};

bool GpuScorer::takes(const Category& c) const {
  const Settings& s = c.settings;
  if (c.counts[0] == 0 || s.mask != Mask::kDrop || s.smoothing != 1)
    return false;
  if (s.map != MapSource::kWindows && s.map != MapSource::kNone) return false;
  if (s.image_score != ImageScore::kMean &&
      s.image_score != ImageScore::kGlobal)
    return false;
  if (s.scales.size() >= kernels::CudaHarmonicMap::kMaxScales) return false;
  const int prefix = s.class_row ? tower_.vision().prefix : 0;
  for (const int k : s.scales)
    if (s.aligner != Aligner::kOff &&
        k * k + prefix > kernels::CudaWindowScores::kMaxRows)
      return false;
  if (c.bank && (s.features.join || s.features.standardise ||
                 levels_of(s) > kernels::CudaBankMap::kMaxLevels))
    return false;
  return true;
}

const std::shared_ptr<GpuScorer::Resident>& GpuScorer::resident(
    const Category& c) {
  Gpu& gpu = tower_.gpu();
  residents_.forget([](const auto& r) { return r->token.expired(); });
  chains_.forget(
      [](const auto& chain) { return chain->resident->token.expired(); });
  if (const auto* known = residents_.find(
          [&](const auto& r) { return r->token.lock() == c.token; }))
    return *known;
  auto r = std::make_shared<Resident>();
  r->token = c.token;
  std::vector<float> prompts = c.prompts[0];
  prompts.insert(prompts.end(), c.prompts[1].begin(), c.prompts[1].end());
  r->prompts = gpu.upload(std::span<const float>(prompts));
  if (c.bank) {
    const size_t patch_levels = c.settings.features.layers.size() *
                                c.settings.features.neighbourhoods.size();
    for (size_t l = 0; l < c.bank->levels.size(); ++l) {
      const kernels::PackedRows& bank = c.bank->levels[l];
      std::vector<float> rows(static_cast<size_t>(bank.count) *
                              static_cast<size_t>(bank.width));
      for (int i = 0; i < bank.count; ++i)
        unpack_row(bank, i,
                   rows.data() + static_cast<size_t>(i) *
                                     static_cast<size_t>(bank.width));
      // Windows' queries are the embeddings, which are fp32.
      const bool half = tower_.half() && l < patch_levels;
      Resident::Level level{
          {}, half ? Element::kHalf : Element::kFloat, bank.count, bank.width};
      if (half) {
        std::vector<uint16_t> halves(rows.size());
        std::transform(rows.begin(), rows.end(), halves.begin(), to_half);
        level.rows = gpu.upload(std::span<const uint16_t>(halves));
      } else {
        level.rows = gpu.upload(std::span<const float>(rows));
      }
      r->levels.push_back(std::move(level));
    }
  }
  return residents_.add(std::move(r));
}

GpuScorer::Chain& GpuScorer::chain(GpuLayout& layout, size_t first,
                                   size_t count, const Category& category) {
  Gpu& gpu = tower_.gpu();
  const std::shared_ptr<Resident> own = resident(category);
  const auto* known = chains_.find([&](const auto& c) {
    return c->resident == own && c->layout_id == layout.id &&
           c->first == first && c->count == count;
  });
  if (known) return **known;
  const VisionTower& vision = tower_.vision();
  const size_t E = static_cast<size_t>(tower_.embed_dim()),
               n = static_cast<size_t>(category.counts[0] + category.counts[1]);
  const size_t cells = static_cast<size_t>(vision.grid) *
                       static_cast<size_t>(vision.grid),
               side = static_cast<size_t>(vision.image_size);
  auto c = std::make_shared<Chain>();
  c->resident = own;
  c->settings = category.settings;
  std::copy_n(category.counts, 2, c->counts);
  c->layout = &layout;
  c->layout_id = layout.id;
  c->first = first;
  c->count = count;
  const Settings& s = c->settings;
  const bool windows = s.map == MapSource::kWindows && !s.scales.empty();
  c->map = windows || category.bank;
  c->shown = c->map && s.resolution == Resolution::kModel && s.tile.size == 0;

  std::vector<int32_t> segments;
  for (const int k : s.scales) {
    if (!windows) break;
    const int at = layout.one.first_window(k);
    for (int w = at; w < at + windows_of(vision.grid, k); ++w) {
      segments.push_back(w);
      c->longest =
          std::max(c->longest, layout.one.cu[static_cast<size_t>(w) + 1] -
                                   layout.one.cu[static_cast<size_t>(w)] -
                                   (s.class_row ? 0 : vision.prefix));
    }
  }
  c->window_count = static_cast<int>(segments.size());
  c->windows = gpu.upload(std::span<const int32_t>(segments));
  std::vector<int32_t> whole;
  for (size_t i = 0; i < count; ++i)
    whole.push_back(static_cast<int32_t>(
        (first + i) * static_cast<size_t>(layout.segments())));
  c->whole = gpu.upload(std::span<const int32_t>(whole));

  Places answers, work;
  c->similarity = answers.take(count * n * 4);
  c->kept = answers.take(count * n);
  c->summary = answers.take(count * 4 * 4);
  c->global = answers.take(count * 4);
  c->score = answers.take(count * 4);
  c->local = answers.take(count * 4);
  c->embedding = answers.take(count * E * 4);
  c->grid_map =
      c->shown ? work.take(count * cells * 4) : answers.take(count * cells * 4);
  c->shown_map = c->shown ? answers.take(count * side * side * 4) : 0;
  c->prompt_score = work.take(count * n * 4);
  c->direction = work.take(count * 2 * E * 4);
  c->window_score = work.take(count * segments.size() * 4);
  c->bank_map = work.take(count * cells * 4);
  const size_t patch_levels =
      s.features.layers.size() * s.features.neighbourhoods.size();
  for (size_t l = 0; l < own->levels.size(); ++l) {
    const Resident::Level& bank = own->levels[l];
    const bool patches = l < patch_levels;
    const size_t rows = patches ? cells
                                : static_cast<size_t>(windows_of(
                                      vision.grid, s.scales[l - patch_levels]));
    kernels::CudaNearest search{};
    search.element = bank.element;
    search.images = static_cast<int>(count);
    search.rows = static_cast<int>(rows);
    search.bank = bank.rows.data();
    search.count = bank.count;
    search.width = bank.width;
    search.distance = s.bank.distance;
    search.image_stride = static_cast<ptrdiff_t>(
        patches ? cells * static_cast<size_t>(bank.width)
                : static_cast<size_t>(layout.segments()) * E);
    c->levels.push_back(
        {patches
             ? work.take(count * cells * static_cast<size_t>(bank.width) *
                         static_cast<size_t>(kernels::bytes_of(bank.element)))
             : 0,
         work.take(count * rows * 4), work.take(count * rows * 4),
         work.take(scratch_bytes(search))});
    c->searches.push_back(search);
  }
  c->work = gpu.allocate(work.size());
  c->answers = gpu.allocate(answers.size());
  c->host = gpu.pinned(answers.size());
  return *chains_.add(std::move(c));
}

void GpuScorer::launch(Chain& c) {
  const Settings& s = c.settings;
  const GpuLayout& l = *c.layout;
  const auto stream = tower_.gpu().stream();
  const VisionTower& vision = tower_.vision();
  const ptrdiff_t E = tower_.embed_dim(), S = l.segments(),
                  each = kernels::bytes_of(l.element);
  const int count = static_cast<int>(c.count),
            cells = vision.grid * vision.grid;
  const float* embedding =
      l.embedding.as<float>() + static_cast<ptrdiff_t>(c.first) * S * E;
  float* global = c.at<float>(c.answers, c.global);
  float* grid_map = c.at<float>(c.shown ? c.work : c.answers, c.grid_map);

  gather_rows_cuda(Element::kFloat, l.embedding.data(), c.whole.as<int32_t>(),
                   count, static_cast<int>(E),
                   c.at<void>(c.answers, c.embedding), stream);
  kernels::contextual_cuda({embedding,
                            S * E,
                            count,
                            c.resident->prompts.as<float>(),
                            {c.counts[0], c.counts[1]},
                            static_cast<int>(E),
                            s.context,
                            s.temperature,
                            c.at<float>(c.answers, c.similarity),
                            c.at<float>(c.work, c.prompt_score),
                            c.at<uint8_t>(c.answers, c.kept),
                            c.at<int32_t>(c.answers, c.summary),
                            c.at<float>(c.work, c.direction),
                            global},
                           stream);
  const bool windows = c.window_count > 0;
  if (windows) {
    const GpuMemory& value = s.values == Values::kRaw ? l.raw_value : l.value;
    const ptrdiff_t stride = l.packed() * E;
    kernels::window_scores_cuda(
        {s.aligner, s.lambda, s.temperature, l.element,
         value.as<char>() +
             (value ? static_cast<ptrdiff_t>(c.first) * stride * each : 0),
         stride, embedding, S * E, c.at<float>(c.work, c.direction),
         c.windows.as<int32_t>(), l.one_cu.as<int32_t>(),
         l.one_rows.as<int32_t>(), s.class_row ? 0 : vision.prefix, c.longest,
         count, c.window_count, static_cast<int>(E),
         c.at<float>(c.work, c.window_score)},
        stream);
    kernels::CudaHarmonicMap map{c.at<float>(c.work, c.window_score),
                                 count,
                                 c.window_count,
                                 vision.grid,
                                 {},
                                 static_cast<int>(s.scales.size()),
                                 s.harmonic.include_global ? global : nullptr,
                                 grid_map};
    std::copy(s.scales.begin(), s.scales.end(), map.scales);
    kernels::harmonic_map_cuda(map, stream);
  }
  const bool bank = !c.levels.empty();
  if (bank) launch_bank(c);
  float* bank_map = bank ? c.at<float>(c.work, c.bank_map) : nullptr;
  kernels::image_scores_cuda(
      {count, cells, windows ? grid_map : nullptr, bank_map, global,
       s.image_score == ImageScore::kMean, c.at<float>(c.answers, c.score),
       c.at<float>(c.answers, c.local)},
      stream);
  if (bank && !windows)
    tower_.gpu().copy(grid_map, bank_map,
                      static_cast<size_t>(count) * static_cast<size_t>(cells) *
                          sizeof(float));
  if (c.shown)
    kernels::upsample_cuda(grid_map, count, vision.grid, vision.grid,
                           vision.image_size, vision.image_size, s.align(),
                           c.at<float>(c.answers, c.shown_map), stream);
  tower_.gpu().copy(c.host.data(), c.answers.data(), c.answers.bytes());
}

void GpuScorer::launch_bank(Chain& c) {
  const Settings& s = c.settings;
  const GpuLayout& l = *c.layout;
  const auto stream = tower_.gpu().stream();
  const VisionTower& vision = tower_.vision();
  const int grid = vision.grid;
  const ptrdiff_t E = tower_.embed_dim(), each = kernels::bytes_of(l.element);
  const size_t layers = s.features.layers.size(),
               patch_levels = layers * s.features.neighbourhoods.size();
  kernels::CudaBankMap map{static_cast<int>(c.count),
                           grid,
                           static_cast<int>(c.levels.size()),
                           {},
                           {},
                           c.at<float>(c.work, c.bank_map)};
  for (size_t i = 0; i < c.levels.size(); ++i) {
    kernels::CudaNearest search = c.searches[i];
    const Chain::Level& level = c.levels[i];
    if (i < patch_levels) {
      const int layer = s.features.layers[i % layers];
      const auto found =
          std::find_if(l.hidden.begin(), l.hidden.end(),
                       [&](const auto& h) { return h.first == layer; });
      const ptrdiff_t row = static_cast<ptrdiff_t>(vision.width),
                      image = static_cast<ptrdiff_t>(tower_.image_rows()) * row;
      const char* tokens =
          found->second.as<char>() +
          (static_cast<ptrdiff_t>(c.first) * image + vision.prefix * row) *
              each;
      kernels::patch_features_cuda(
          {l.element, search.element, tokens, image, static_cast<int>(c.count),
           grid, vision.width, s.features.neighbourhoods[i / layers], 1.0f,
           c.at<void>(c.work, level.rows), row},
          stream);
      search.queries = c.at<void>(c.work, level.rows);
    } else {
      const int k = s.scales[i - patch_levels];
      search.queries = l.embedding.as<float>() +
                       (static_cast<ptrdiff_t>(c.first) * l.segments() +
                        l.one.first_window(k)) *
                           E;
      map.scales[i] = k;
    }
    search.similarity = c.at<float>(c.work, level.similarity);
    search.distances = c.at<float>(c.work, level.distance);
    search.scratch = c.at<void>(c.work, level.scratch);
    kernels::nearest_cuda(search, stream);
    map.distances[i] = search.distances;
  }
  kernels::bank_map_cuda(map, stream);
}

std::vector<Detection> GpuScorer::score(GpuLayout& layout, size_t first,
                                        size_t count,
                                        const Category& category) {
  Gpu& gpu = tower_.gpu();
  Chain& c = chain(layout, first, count, category);
  clock_.mark(gpu, 3);
  // The first run as it is, so that what a kernel does at its first launch is
  // not recorded.
  if (c.runs++ == 0) {
    launch(c);
  } else {
    if (!c.graph) c.graph = gpu.capture([&] { launch(c); });
    gpu.run(c.graph);
  }
  clock_.mark(gpu, 4);
  gpu.wait();

  const VisionTower& vision = tower_.vision();
  const size_t E = static_cast<size_t>(tower_.embed_dim()),
               n = static_cast<size_t>(c.counts[0] + c.counts[1]);
  const int side = c.shown ? vision.image_size : vision.grid;
  const size_t pixels = static_cast<size_t>(side) * static_cast<size_t>(side);
  std::vector<Detection> all(count);
  for (size_t i = 0; i < count; ++i) {
    Detection& d = all[i];
    d.score = c.at<float>(c.host, c.score)[i];
    d.score_ms = clock_.ms(3, 4) / static_cast<double>(count);
    d.global_score = c.at<float>(c.host, c.global)[i];
    const float* embedding = c.at<float>(c.host, c.embedding) + i * E;
    d.embedding.assign(embedding, embedding + E);
    tower_.expect_finite(d.embedding);
    tower_.expect_finite({&d.score, 1});
    const int32_t* summary = c.at<int32_t>(c.host, c.summary) + 4 * i;
    for (int label = 0; label < 2; ++label) {
      d.kept[label] = summary[label];
      d.of[label] = c.counts[label];
    }
    d.ambiguous = summary[2] != 0 || summary[3] != 0;
    const uint8_t* kept = c.at<uint8_t>(c.host, c.kept) + i * n;
    d.kept_mask.assign(kept, kept + n);
    const float* similarity = c.at<float>(c.host, c.similarity) + i * n;
    d.similarity.assign(similarity, similarity + n);
    d.local_score = std::numeric_limits<float>::quiet_NaN();
    if (!c.map) continue;
    d.local_score = c.at<float>(c.host, c.local)[i];
    const float* map =
        c.at<float>(c.host, c.shown ? c.shown_map : c.grid_map) + i * pixels;
    d.map.assign(map, map + pixels);
    d.map_width = d.map_height = side;
  }
  return all;
}

}  // namespace alfa
