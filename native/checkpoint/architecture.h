// What a checkpoint says once its layout is understood: towers with typed,
// shape-checked fp32 tensors. The graph is written from this alone and knows no
// layout. Tensors point into the mapped file where it holds fp32 in the order
// needed, else into memory that the architecture owns (fp16, bf16; q, k, v
// stored apart).
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"

namespace alfa {

struct Weights {  // fp32, row-major; a handed-out pointer stays good as long as
                  // the Architecture
  const float* data = nullptr;
  std::vector<int64_t> shape;
  explicit operator bool() const { return data != nullptr; }
  size_t count() const {  // numbers
    size_t n = 1;
    for (const int64_t d : shape) n *= static_cast<size_t>(d);
    return n;
  }
};

enum class Gelu {
  kErf,
  kQuick
};  // 0.5 x (1 + erf(x / sqrt 2)) | x * sigmoid(1.702 x)

struct LayerNorm {
  Weights gain, bias;  // [width]
};

struct Linear {          // y = x W^T + b
  Weights weight, bias;  // [out, in], [out] (bias may be absent)
};

// pre-norm: x += out(attention(qkv(ln1(x)))); x += down(gelu(up(ln2(x)))).
// LayerScale is folded into out and down.
struct Block {
  LayerNorm ln1;
  Linear qkv;  // [3*width, width]: q rows, k rows, v rows
  Linear out;
  LayerNorm ln2;
  Linear up, down;
};

struct Projection {  // to the joint space, no bias; without a weight the class
                     // row itself is the embedding
  Weights weight;
  bool in_out = true;  // true: [width, embed] (open_clip); false: [embed,
                       // width] (Hugging Face)
};

struct Tower {
  int width = 0, layers = 0, heads = 0, mlp = 0;
  float epsilon = 1e-5f;  // of every LayerNorm
  Gelu gelu = Gelu::kErf;
  std::vector<Block> blocks;
  LayerNorm ln_last;  // ln_post of the image tower, ln_final of the text tower
  Projection projection;
};

struct VisionTower : Tower {
  int image_size = 0, patch = 0, grid = 0;  // grid = image_size / patch, whole
  int own_size = 0;  // the config's image size; positions are resampled from it
                     // to image_size
  int prefix = 1;    // rows before the patches: the class token, then registers
  Weights patch_weight;  // [width, 3*patch*patch], channel-major
  Weights
      positions;  // [prefix + grid*grid, width]; row 0 holds class embedding +
                  // its position, register rows the register tokens, the others
                  // have the patch bias (where a model has one) added: what is
                  // added to the patch product, all in one
  std::optional<LayerNorm> ln_pre;
  float mean[3], std[3];
};

struct TextTower : Tower {
  int context = 0, vocabulary = 0;
  Weights token_embedding;  // [vocabulary, width]
  Weights positions;        // [context, width]
};

struct Architecture {
  std::string layout;  // "open_clip" | "huggingface" | "dinov2" | "timm"
  std::string hash;    // SHA-256 of the configs, the weights' header and size,
                       // both ends of every tensor, and the image size where it
                       // is not the checkpoint's own: tells models apart, costs
                       // milliseconds once cached, is no proof of integrity
  int embed_dim = 0;
  std::optional<VisionTower> vision;
  std::optional<TextTower> text;
  size_t weight_bytes = 0;  // of the file

  std::shared_ptr<Safetensors> file;
  std::deque<std::vector<float>> owned;
};

// Opens a checkpoint directory: open_clip_config.json +
// open_clip_model.safetensors, or config.json + model.safetensors of a CLIP or
// DINOv2 model of transformers or of a timm vision transformer. Every tensor
// used is checked for presence, dtype and shape. A pickle (.pt, .bin) alone in
// the directory: kModelUnsupported, saying how to convert. A tower absent from
// both config and weights is left out; both absent, or config and weights
// apart: kModelMismatch. `image_size`: px that images are brought to, 0 for the
// checkpoint's own.
Architecture open_checkpoint(const std::string& directory, int image_size);

// One function per layout; each true to its files' names. `config` is parsed,
// `file` open.
class Json;
Architecture read_open_clip(const Json& config,
                            std::shared_ptr<Safetensors> file, int image_size);
Architecture read_huggingface(const Json& config, const Json* preprocessor,
                              std::shared_ptr<Safetensors> file,
                              int image_size);
Architecture read_dinov2(const Json& config, const Json* preprocessor,
                         std::shared_ptr<Safetensors> file, int image_size);
Architecture read_timm(const Json& config, std::shared_ptr<Safetensors> file,
                       int image_size);

}  // namespace alfa
