// The engine's one public header: open a checkpoint, encode text, embed and
// score images. Knows nothing of Node. An Engine is used by one thread at a
// time; RunControl::terminate may be called from another. Everything throws
// alfa::Error.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/regions/regions.h"
#include "runtime/log.h"
#include "settings.h"

namespace alfa {

using kernels::PixelView;

class RunControl;  // runtime/session.h; null where a run need not be stopped

// Of the image tower. On the CPU, kAuto: products in 8 bits where they are one
// step (VNNI, AMX) and the model is at least 384 wide, else fp32. On a GPU,
// kAuto: fp16 weights and activations, sums, softmax, LayerNorm and scores in
// fp32.
enum class Precision { kAuto, kFp32, kInt8, kFp16 };
template <>
inline constexpr EnumName<Precision> kNamesOf<Precision>[] = {
    {Precision::kAuto, "auto"},
    {Precision::kFp32, "fp32"},
    {Precision::kInt8, "int8"},
    {Precision::kFp16, "fp16"},
};

struct OpenOptions {
  std::string directory;  // of the checkpoint
  std::string runtime;    // absolute path of libonnxruntime
  std::vector<std::string>
      preload;  // libraries opened before it, absolute paths, in any order:
                // what CUDA's provider needs
  std::string device = "cpu";  // "cpu" | "cuda" | "cuda:1"; the CUDA provider
                               // is taken from the runtime's own folder
  size_t gpu_memory =
      0;            // bytes that a forward may take of the GPU; 0: all there is
  int threads = 0;  // 0: one per core
  int max_batch = 8;   // images, or tiles of one, in a forward
  int image_size = 0;  // px that images are brought to; 0: the checkpoint's own
  Precision precision = Precision::kAuto;
  Log log;  // may be empty
};

struct Info {
  std::string layout, hash, device, device_name, precision, ort_version;
  int threads = 0, embed_dim = 0;
  int image_size = 0, patch = 0, grid = 0,
      layers = 0;                   // 0 without an image tower
  int context = 0, vocabulary = 0;  // 0 without a text tower
  size_t weight_bytes = 0;
  size_t device_bytes = 0;  // of the GPU's memory that the engine holds beside
                            // its forwards'; 0 on the CPU
};

class Bank;  // engine/bank.h: rows of normal images
class BankBuilder;
class MutualSet;  // engine/mutual.h: unlabelled images that judge each other

struct Category {
  Settings settings;
  std::vector<float> prompts[2];  // [n, E] unit rows, normal and abnormal; none
                                  // for recipes without text
  int counts[2] = {0, 0};
  std::vector<float> descriptors;  // [n, E] unit rows, for the reasons of
                                   // regions; may be empty
  std::vector<float>
      target;  // [E], the abnormal direction, where the map is its relevance
  std::shared_ptr<const Bank> bank;  // null without references
  std::string model;                 // hash of the model that it was made for
  std::shared_ptr<const int> token = std::make_shared<const int>(
      0);  // tells categories apart, and when one is gone
};

struct Job {
  PixelView image;  // borrowed for the call
  struct Part {
    const Category* category;  // borrowed for the call
    float pixel_threshold;     // regions are what lies above it; infinity: none
                               // are looked for
  };
  std::vector<Part> parts;  // several categories share the image's forward
                            // where their settings let them
};

struct RegionReasons {
  kernels::Region region;         // in the map's pixels
  std::vector<float> similarity;  // [descriptors] to the window that covers the
                                  // region best (method sec. 9)
};

struct Detection {
  float score = 0;
  float global_score = 0;  // NaN without prompts
  float local_score = 0;   // max M; NaN without a map
  bool ambiguous = false;
  int kept[2] = {0, 0}, of[2] = {0, 0};
  std::vector<uint8_t> kept_mask;  // [of[0] + of[1]], normal first
  std::vector<float> similarity;   // [of[0] + of[1]]
  std::vector<float> embedding;    // [E], unit
  std::vector<float> map;          // [map_height, map_width], may be empty
  int map_width = 0, map_height = 0;
  std::vector<RegionReasons> regions;  // highest peak first, at most 64
  double resize_ms = 0, forward_ms = 0,
         score_ms = 0;  // forward_ms is the batch's, shared
};

struct WindowFeatures {
  std::vector<float> embedding;  // [1 + windows, E], unit rows
  std::vector<float> value;  // [T, E] over the packed rows of these segments,
                             // unit rows (method sec. 2)
};

class Engine {
 public:
  static std::unique_ptr<Engine> open(const OpenOptions& options);
  ~Engine();

  const Info& info() const;

  // ids: n texts one after another, each ending in its end token; lengths [n]
  // -> [n, E], unit rows.
  std::vector<float> encode_text(std::span<const int32_t> ids,
                                 std::span<const int32_t> lengths,
                                 RunControl* control);

  // -> [E], unit
  std::vector<float> embed_image(const PixelView& image, Fit fit,
                                 RunControl* control);

  // The packed forward itself: the whole image, then every window of every
  // scale, row-major.
  WindowFeatures embed_windows(const PixelView& image, Fit fit,
                               std::span<const int> scales,
                               RunControl* control);

  // Checks settings, texts and bank against the model; texts each [n, E], none
  // for recipes without, descriptors perhaps none.
  Category make_category(Settings settings, std::span<const float> normal,
                         std::span<const float> abnormal,
                         std::span<const float> descriptors,
                         std::shared_ptr<const Bank> bank) const;

  // A bank for categories of these settings: made empty, given normal images
  // one by one, then finished.
  std::shared_ptr<BankBuilder> new_bank(const Settings& settings) const;
  void add_reference(BankBuilder& bank, const PixelView& image,
                     RunControl* control);
  std::shared_ptr<const Bank> finish_bank(BankBuilder& bank);
  struct BankSize {
    int images;                // references
    std::vector<int> entries;  // rows of each level
  };
  static BankSize size_of(const Bank& bank);

  // One packed forward for what the images' categories need (up to max_batch
  // views at a time), then their scoring. [jobs][parts]
  std::vector<std::vector<Detection>> detect(std::span<const Job> jobs,
                                             RunControl* control);

  // Looks at grey images in every batch size that the device keeps something
  // for, so that no later detection makes it.
  void warm_up(const Category& category, RunControl* control);

  // MuSc: images are added, then each is judged against all others, then the
  // results are there. The category's settings say which features; one set, one
  // category.
  std::shared_ptr<MutualSet> new_mutual_set(const Category& category) const;
  void add_to_set(MutualSet& set, const PixelView& image, RunControl* control);
  void judge_in_set(MutualSet& set, int image);
  Detection result_in_set(MutualSet& set, int image, float pixel_threshold);
  static void clear_set(MutualSet& set);  // its memory, now rather than when
                                          // the last holder lets go

  // A category as a file: `header` is the host's own, given back as it is.
  // Error(kWrite) | kCategoryFile, kModelMismatch.
  struct Stored {
    std::string header;
    std::vector<float> prompts[2], descriptors;
    std::shared_ptr<const Bank> bank;
  };
  void save_category(const Category& category, const std::string& header,
                     const std::string& file) const;
  Stored load_category(const std::string& file) const;

  // Writes image.onnx and text.onnx with their weights beside them; the image
  // graph with every output.
  void export_onnx(const std::string& directory) const;

 private:
  Engine();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace alfa
