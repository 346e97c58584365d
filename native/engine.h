// The engine: opens a checkpoint, encodes texts, embeds and scores images. This
// is the only header that a host includes. It knows nothing of Node.
//
// One thread at a time may use an Engine, but RunControl::terminate may be
// called from any thread. Everything throws alfa::Error.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/cuda/devices.h"
#include "error.h"
#include "kernels/regions/regions.h"
#include "metrics/image_metrics.h"
#include "metrics/pixel_metrics.h"
#include "runtime/log.h"
#include "runtime/run_control.h"
#include "settings.h"

namespace alfa {

using kernels::PixelView;
using kernels::Region;

// The number format of the image tower. kAuto:
// - on the CPU: int8 if the processor multiplies int8 in one step (VNNI, AMX)
//   and the model is at least 384 wide, otherwise fp32;
// - on a GPU: fp16 for weights and activations, fp32 for sums, softmax,
//   LayerNorm and scores.
enum class Precision { kAuto, kFp32, kInt8, kFp16 };
template <>
inline constexpr EnumName<Precision> kNamesOf<Precision>[] = {
    {Precision::kAuto, "auto"},
    {Precision::kFp32, "fp32"},
    {Precision::kInt8, "int8"},
    {Precision::kFp16, "fp16"},
};

struct OpenOptions {
  // The directory of the checkpoint.
  std::string directory;
  // The absolute path of libonnxruntime.
  std::string runtime;
  // Absolute paths of the libraries that ONNX Runtime's CUDA provider needs, in
  // any order. They are opened before ONNX Runtime.
  std::vector<std::string> preload;
  // "cpu" | "cuda" | "cuda:N". The CUDA provider is the one in the folder of
  // `runtime`.
  std::string device = "cpu";
  // Bytes of the GPU's memory that each session may take; 0: no limit.
  size_t gpu_memory = 0;
  // CPU threads; 0: one per core.
  int threads = 0;
  // The largest number of images, or tiles of one, in a forward; at least 1.
  int max_batch = 1;
  // The side in pixels to which images are resized; 0: as the checkpoint says.
  int image_size = 0;
  Precision precision = Precision::kAuto;
  Log log;  // may be empty
};

struct Info {
  std::string layout, hash, device, device_name, precision, ort_version;
  int threads = 0, embed_dim = 0;
  // 0 without an image tower.
  int image_size = 0, patch = 0, grid = 0, layers = 0;
  // 0 without a text tower.
  int context = 0, vocabulary = 0;
  size_t weight_bytes = 0;
  // Bytes of the GPU's memory that the engine holds, without those of ONNX
  // Runtime's sessions; 0 on the CPU.
  size_t device_bytes = 0;
};

class Bank;         // the memory bank: features of reference images
class BankBuilder;  // a bank that is being filled
class MutualSet;    // unlabelled images that are scored against each other

// A class with everything that detection needs. Immutable once created; any
// number of requests may share one.
struct Category {
  Settings settings;
  // Normal and abnormal prompts, each [n, E], unit rows. Empty for recipes
  // without text.
  std::vector<float> prompts[2];
  int counts[2] = {0, 0};
  // [n, E], unit rows: descriptions of defects, for the reasons of regions. May
  // be empty.
  std::vector<float> descriptors;
  // [E], the abnormal direction, if the map is its relevance.
  std::vector<float> target;
  std::shared_ptr<const Bank> bank;  // null without references
  std::string model;                 // the hash of the model it was made for
};

// One image and the categories that it is scored for. Categories share one
// forward if their settings allow it.
struct DetectRequest {
  PixelView image;  // borrowed until the call returns
  struct Part {
    std::shared_ptr<const Category> category;
    // Regions are the connected parts of the map above this value. Infinity: no
    // regions are searched.
    float pixel_threshold = std::numeric_limits<float>::infinity();
  };
  std::vector<Part> parts;
};

// A region, with its similarity to each descriptor. The similarity is that of
// the window or tile that covers the region best (docs/method.md, step 13).
struct ExplainedRegion {
  Region region;  // in the map's pixels
  std::vector<float> similarity;
};

// The result for one image and one category.
struct Detection {
  float score = 0;         // in [0, 1]
  float global_score = 0;  // NaN without prompts
  float local_score = 0;   // the map's maximum; NaN without a map
  // Whether contextual selection kept no prompt of one side, so that its
  // fallback was used.
  bool ambiguous = false;
  // Normal and abnormal prompts: how many were kept, and of how many.
  int kept[2] = {0, 0}, of[2] = {0, 0};
  // [of[0] + of[1]], normal prompts first.
  std::vector<uint8_t> kept_mask;
  std::vector<float> similarity;
  std::vector<float> embedding;  // [E], unit
  std::vector<float> map;        // [map_height, map_width], may be empty
  int map_width = 0, map_height = 0;
  std::vector<ExplainedRegion> regions;  // at most 64, highest peak first
  // forward_ms is the time of the batch, which its images share.
  double resize_ms = 0, forward_ms = 0, score_ms = 0;
};

class Engine {
 public:
  static std::unique_ptr<Engine> open(const OpenOptions& options);
  ~Engine();

  const Info& info() const;

  // In the calls below, `control` may be null.

  // ids: the tokens of n texts, one text after another, each with its end
  // token. lengths: [n], the tokens of each text. Returns [n, E], unit rows.
  std::vector<float> encode_text(std::span<const int32_t> ids,
                                 std::span<const int32_t> lengths,
                                 RunControl* control);

  // Returns [E], unit.
  std::vector<float> embed_image(const PixelView& image, Fit fit,
                                 RunControl* control);

  // Checks settings, embeddings and bank against the model. normal and abnormal
  // are [n, E], or both empty for recipes without text; descriptors may be
  // empty; bank may be null.
  std::shared_ptr<const Category> make_category(
      Settings settings, std::span<const float> normal,
      std::span<const float> abnormal, std::span<const float> descriptors,
      std::shared_ptr<const Bank> bank) const;

  // A memory bank for categories with these settings: create it, add normal
  // images one by one, then finish it.
  std::shared_ptr<BankBuilder> new_bank(const Settings& settings) const;
  void add_reference(BankBuilder& bank, const PixelView& image,
                     RunControl* control);
  std::shared_ptr<const Bank> finish_bank(BankBuilder& bank);
  struct BankSize {
    int images;                // references
    std::vector<int> entries;  // rows of each level
  };
  static BankSize size_of(const Bank& bank);

  // Returns [requests][parts].
  std::vector<std::vector<Detection>> detect(
      std::span<const DetectRequest> requests, RunControl* control);

  // Runs detections of grey images, so that no later detection of the category
  // has to prepare anything on the device.
  void warm_up(const std::shared_ptr<const Category>& category,
               RunControl* control);

  // MuSc: add all images, compare them with each other, then read the results.
  // The category's settings say which features are compared.
  std::shared_ptr<MutualSet> new_mutual_set(
      std::shared_ptr<const Category> category) const;
  void add_to_set(MutualSet& set, const PixelView& image, RunControl* control);
  // Compares one image with all others in one level of features. Returns
  // whether comparisons are left: call it until it returns false.
  bool compare_in_set(MutualSet& set);
  Detection result_in_set(MutualSet& set, int image, float pixel_threshold);
  // Frees the memory of the set now.
  static void clear_set(MutualSet& set);

  // Saves and loads a category as a file. `header` is any text of the host.
  // Throws Error(kWrite) | kCategoryFile, kModelMismatch. Saving writes
  // straight into the file: the host gives a new file and renames it.
  struct SavedCategory {
    std::string header;
    std::vector<float> prompts[2], descriptors;
    std::shared_ptr<const Bank> bank;
  };
  void save_category(const Category& category, const std::string& header,
                     const std::string& file) const;
  SavedCategory load_category(const std::string& file) const;

  // Writes image.onnx and text.onnx, with their weights beside them. The image
  // graph has every output.
  void export_onnx(const std::string& directory) const;

#ifdef ALFA_TEST_API
  // Only for tests and benchmarks: the embeddings and values of one packed
  // forward, first the whole image, then every window of every scale, row by
  // row.
  struct WindowFeatures {
    std::vector<float> embedding;  // [1 + windows, E], unit rows
    std::vector<float> value;      // [T, E], unit rows (docs/method.md, step 5)
  };
  WindowFeatures embed_windows(const PixelView& image, Fit fit,
                               std::span<const int> scales,
                               RunControl* control);
#endif

 private:
  Engine();
  struct State;
  std::unique_ptr<State> state_;
};

// A map [height, width] at another size, resampled as detection does it.
std::vector<float> upsample_map(const float* map, int width, int height,
                                int out_width, int out_height, Align align);

#ifdef ALFA_TEST_API
// Only for tests: RGB [height, width, 3]; with kCrop [width, width, 3].
std::vector<uint8_t> resize_image(const PixelView& image, int width, int height,
                                  Fit fit);
#endif

// Call this once, before the process has several threads: it disables ONNX
// Runtime's telemetry, which otherwise starts with the first engine.
void prepare_process();

}  // namespace alfa
