// The engine's one public header: open a checkpoint, encode text, embed and score images. Knows nothing of Node.
// An Engine is used by one thread at a time; RunControl::terminate may be called from another.
// Everything throws alfa::Error.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/aligner/aligner.h"
#include "kernels/contextual/contextual.h"
#include "kernels/regions/regions.h"
#include "kernels/resize/resize.h"
#include "runtime/log.h"

namespace alfa {

using kernels::Aligner;
using kernels::ContextualOptions;
using kernels::Fit;
using kernels::PixelView;
using kernels::Weighting;

class RunControl;  // runtime/session.h; null where a run need not be stopped

struct OpenOptions {
  std::string directory;  // of the checkpoint
  std::string runtime;    // absolute path of libonnxruntime
  int threads = 0;        // 0: one per core
  int image_size = 0;     // px that images are brought to; 0: the checkpoint's own
  Log log;                // may be empty
};

struct Info {
  std::string layout, hash, device, device_name, precision, ort_version;
  int threads = 0, embed_dim = 0;
  int image_size = 0, patch = 0, grid = 0;  // 0 without an image tower
  int context = 0, vocabulary = 0;          // 0 without a text tower
  size_t weight_bytes = 0;
};

enum class ImageScore { kMean, kGlobal };           // (S_G + max M) / 2 | S_G                    (eq. 12)
enum class Resolution { kGrid, kModel, kImage };    // what the map is upsampled to; kImage: 0 where a crop cut off

struct Settings {  // of a category; method sec. 4-7
  std::vector<int> scales = {2, 3};  // window sides in patches, each once; empty: no windows, no map
  ContextualOptions context;
  float temperature = 0.07f;
  Aligner aligner = Aligner::kRidge;
  float lambda = 1;
  bool include_global = false;  // S_G as one more scale of the harmonic mean
  ImageScore image_score = ImageScore::kMean;
  Fit fit = Fit::kSquash;
  Resolution resolution = Resolution::kModel;
};

struct Category {
  Settings settings;
  std::vector<float> prompts[2];  // [n, E] unit rows, normal and abnormal
  int counts[2] = {0, 0};
  std::vector<float> descriptors;  // [n, E] unit rows, for the reasons of regions; may be empty
  int embed_dim = 0, grid = 0;     // of the model that it was made for
};

struct Job {
  PixelView image;           // borrowed for the call
  const Category* category;  // borrowed for the call
  float pixel_threshold;     // regions are what lies above it; infinity: none are looked for
};

struct RegionReasons {
  kernels::Region region;         // in the map's pixels
  std::vector<float> similarity;  // [descriptors] to the window that covers the region best (method sec. 9)
};

struct Detection {
  float score = 0, global_score = 0;
  float local_score = 0;  // max M; NaN without windows
  bool ambiguous = false;
  int kept[2] = {0, 0}, of[2] = {0, 0};
  std::vector<uint8_t> kept_mask;  // [of[0] + of[1]], normal first
  std::vector<float> similarity;   // [of[0] + of[1]]
  std::vector<float> embedding;    // [E], unit
  std::vector<float> map;          // [map_height, map_width], empty without windows
  int map_width = 0, map_height = 0;
  std::vector<RegionReasons> regions;  // highest peak first, at most 64
  double resize_ms = 0, forward_ms = 0, score_ms = 0;  // forward_ms is the batch's, shared
};

struct WindowFeatures {
  std::vector<float> embedding;  // [1 + windows, E], unit rows
  std::vector<float> value;      // [T, E] over the packed rows of these segments, unit rows (method sec. 2)
};

class Engine {
 public:
  static std::unique_ptr<Engine> open(const OpenOptions& options);
  ~Engine();

  const Info& info() const;

  // ids: n texts one after another, each ending in its end token; lengths [n] -> [n, E], unit rows.
  std::vector<float> encode_text(std::span<const int32_t> ids, std::span<const int32_t> lengths, RunControl* control);

  // -> [E], unit
  std::vector<float> embed_image(const PixelView& image, Fit fit, RunControl* control);

  // The packed forward itself: the whole image, then every window of every scale, row-major.
  WindowFeatures embed_windows(const PixelView& image, Fit fit, std::span<const int> scales, RunControl* control);

  // Checks settings and texts against the model; each [n, E], descriptors perhaps none.
  Category make_category(Settings settings, std::span<const float> normal, std::span<const float> abnormal,
                         std::span<const float> descriptors) const;

  // All windows of all images in one packed forward, then the scoring of each.
  std::vector<Detection> detect(std::span<const Job> jobs, RunControl* control);

  // Writes image.onnx and text.onnx with their weights beside them; the image graph with every output.
  void export_onnx(const std::string& directory) const;

 private:
  Engine();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alfa
