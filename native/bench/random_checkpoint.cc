#include "bench/random_checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "error.h"

#ifndef _WIN32
#include <unistd.h>

#include <csignal>
#endif

namespace alfa::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "open_clip_config.json";
constexpr const char* kWeights = "open_clip_model.safetensors";

#ifndef _WIN32
// Deleted if a signal ends the process, because 830 MB must not stay behind.
std::string files_to_delete[3];
extern "C" void clean_up(int signal) {
  unlink(files_to_delete[0].c_str());
  unlink(files_to_delete[1].c_str());
  rmdir(files_to_delete[2].c_str());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
#endif

struct Size {
  const char* name;
  int embed;
  struct {
    int image, layers, width, head_width, patch;
  } vision;
  struct {
    int context, vocabulary, width, heads, layers;
  } text;
};
constexpr Size kSizes[] = {
    {"full-size", 640, {240, 12, 896, 64, 16}, {77, 49408, 640, 10, 12}},
    {"tiny", 32, {64, 3, 64, 32, 16}, {77, 512, 32, 2, 2}}};

struct Tensor {
  std::string name;
  std::vector<int64_t> shape;
  double deviation, mean;
  int64_t count() const {
    int64_t n = 1;
    for (const int64_t d : shape) n *= d;
    return n;
  }
};

class Tensors {
 public:
  explicit Tensors(const Size& s) {
    const int grid = s.vision.image / s.vision.patch, D = s.vision.width,
              W = s.text.width;
    add("visual.class_embedding", {D}, 1);
    add("visual.positional_embedding", {grid * grid + 1, D}, 0.5);
    add("visual.conv1.weight", {D, 3, s.vision.patch, s.vision.patch});
    norm("visual.ln_pre", D);
    blocks("visual.", s.vision.layers, D);
    norm("visual.ln_post", D);
    add("visual.proj", {D, s.embed}, 1 / std::sqrt(D));
    add("token_embedding.weight", {s.text.vocabulary, W}, 1);
    add("positional_embedding", {s.text.context, W}, 0.5);
    blocks("", s.text.layers, W);
    norm("ln_final", W);
    add("text_projection", {W, s.embed}, 1 / std::sqrt(W));
    add("logit_scale", {}, 1);
  }
  const std::vector<Tensor>& all() const { return all_; }

 private:
  // A deviation of 0 means 1 / sqrt(inputs), which keeps the size of values.
  void add(std::string name, std::vector<int64_t> shape, double deviation = 0,
           double mean = 0) {
    Tensor t{std::move(name), std::move(shape), deviation, mean};
    if (deviation == 0)
      t.deviation = std::sqrt(static_cast<double>(t.shape[0]) /
                              static_cast<double>(t.count()));
    all_.push_back(std::move(t));
  }
  void norm(const std::string& name, int width) {
    add(name + ".weight", {width}, 0.2, 1);
    add(name + ".bias", {width}, 0.1);
  }
  void blocks(const std::string& tower, int layers, int width) {
    for (int i = 0; i < layers; ++i) {
      const std::string block =
          tower + "transformer.resblocks." + std::to_string(i);
      norm(block + ".ln_1", width);
      add(block + ".attn.in_proj_weight", {3 * width, width},
          1.3 / std::sqrt(width));
      add(block + ".attn.in_proj_bias", {3 * width}, 0.1);
      linear(block + ".attn.out_proj", width, width);
      linear(block + ".mlp.c_fc", 4 * width, width);
      linear(block + ".mlp.c_proj", width, 4 * width);
      norm(block + ".ln_2", width);
    }
  }
  void linear(const std::string& name, int out, int in) {
    add(name + ".weight", {out, in});
    add(name + ".bias", {out}, 0.1);
  }

  std::vector<Tensor> all_;
};

// safetensors: 8 bytes of header length, a JSON header padded with spaces to a
// multiple of 8, the tensors one after another.
std::string header_of(const std::vector<Tensor>& tensors) {
  std::string json = "{";
  int64_t at = 0;
  for (const Tensor& t : tensors) {
    if (at > 0) json += ',';
    json.append("\"").append(t.name).append(
        "\":{\"dtype\":\"F32\",\"shape\":[");
    for (size_t i = 0; i < t.shape.size(); ++i)
      json.append(i ? "," : "").append(std::to_string(t.shape[i]));
    json.append("],\"data_offsets\":[").append(std::to_string(at));
    at += 4 * t.count();
    json.append(",").append(std::to_string(at)).append("]}");
  }
  json += "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  return json;
}

void write_weights(const fs::path& path, const std::vector<Tensor>& tensors) {
  std::ofstream file(path, std::ios::binary);
  const std::string header = header_of(tensors);
  const uint64_t length = header.size();
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  std::vector<float> part(1 << 20);
  uint32_t state = 240;  // xorshift32
  for (const Tensor& t : tensors) {
    const double scale =
        t.deviation * std::sqrt(12.0) /
        4294967296.0;  // uniform: a deviation of 1 is a width of sqrt(12)
    for (int64_t done = 0; done < t.count();
         done += static_cast<int64_t>(part.size())) {
      const auto count = static_cast<size_t>(std::min<int64_t>(
          static_cast<int64_t>(part.size()), t.count() - done));
      for (size_t i = 0; i < count; ++i) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        part[i] =
            static_cast<float>(t.mean + scale * static_cast<int32_t>(state));
      }
      file.write(reinterpret_cast<const char*>(part.data()),
                 static_cast<std::streamsize>(count * sizeof(float)));
    }
  }
  file.close();
  if (!file)
    throw Error(Code::kWrite, path.string() +
                                  ": cannot be written. Check that the disk "
                                  "is not full, or set TMPDIR to another "
                                  "folder.");
}

void write_config(const fs::path& path, const Size& s) {
  const auto n = [](int v) { return std::to_string(v); };
  std::ofstream file(path);
  file << "{\"model_cfg\": {\"embed_dim\": " + n(s.embed) +
              ", \"vision_cfg\": {\"image_size\": " + n(s.vision.image) +
              ", \"layers\": " + n(s.vision.layers) +
              ", \"width\": " + n(s.vision.width) +
              ", \"head_width\": " + n(s.vision.head_width) +
              ", \"patch_size\": " + n(s.vision.patch) +
              "}, \"text_cfg\": {\"context_length\": " + n(s.text.context) +
              ", \"vocab_size\": " + n(s.text.vocabulary) +
              ", \"width\": " + n(s.text.width) +
              ", \"heads\": " + n(s.text.heads) +
              ", \"layers\": " + n(s.text.layers) +
              "}}, \"preprocess_cfg\": {\"mean\": [0.48145466, 0.4578275, "
              "0.40821073], \"std\": [0.26862954, 0.26130258, 0.27577711], "
              "\"interpolation\": \"bicubic\", \"resize_mode\": "
              "\"shortest\"}}\n";
  if (!file.flush())
    throw Error(Code::kWrite, path.string() + ": cannot be written");
}

}  // namespace

RandomCheckpoint::RandomCheckpoint(const std::string& name) {
  for (const Size& size : kSizes) {
    if (name != size.name) continue;
    const fs::path folder =
        fs::temp_directory_path() /
        ("alfa-bench-" + std::to_string(std::random_device()()));
    if (!fs::create_directory(folder))
      throw Error(Code::kWrite,
                  folder.string() + ": already exists; try again");
    folder_ = folder.string();
#ifndef _WIN32
    files_to_delete[0] = (folder / kConfig).string();
    files_to_delete[1] = (folder / kWeights).string();
    files_to_delete[2] = folder_;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
      std::signal(signal, clean_up);
#endif
    try {
      write_config(folder / kConfig, size);
      write_weights(folder / kWeights, Tensors(size).all());
    } catch (...) {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
      throw;
    }
    return;
  }
  throw Error(
      Code::kArgument,
      "--random: expected full-size or tiny but received '" + name + "'");
}

RandomCheckpoint::~RandomCheckpoint() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace alfa::bench
