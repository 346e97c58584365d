// What a checkpoint holds, independent of its layout: towers of fp32 tensors
// whose shapes were checked. Tensors point into the mapped file, or into
// Architecture::converted where the file holds another dtype or order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"

namespace alfa {

// An fp32 array, row-major. The memory belongs to the Architecture.
struct Weights {
  const float* data = nullptr;
  std::vector<int64_t> shape;
  explicit operator bool() const { return data != nullptr; }
  size_t count() const {
    size_t n = 1;
    for (const int64_t d : shape) n *= static_cast<size_t>(d);
    return n;
  }
};

enum class Gelu {
  kErf,    // 0.5 x (1 + erf(x / sqrt 2))
  kQuick,  // x * sigmoid(1.702 x)
};

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias
struct LayerNorm {
  Weights weight, bias;  // [width]
};

// y = x W^T + b
struct Linear {
  Weights weight;  // [out, in]
  Weights bias;    // [out], or null
};

// A pre-norm transformer block:
//   x += out(attention(qkv(ln1(x))))
//   x += fc2(gelu(fc1(ln2(x))))
// The factors of LayerScale are already multiplied into out and fc2.
struct Block {
  LayerNorm ln1;
  Linear qkv;  // [3*width, width]: the rows of q, then k, then v
  Linear out;
  LayerNorm ln2;
  Linear fc1, fc2;
};

// The projection to the joint space of images and texts. It has no bias.
// Without a weight, the class row is the embedding.
struct Projection {
  Weights weight;
  // True: the weight is [width, embed]. False: it is [embed, width].
  bool input_rows = true;
};

struct Tower {
  int width = 0, layers = 0, heads = 0;
  int mlp = 0;            // outputs of fc1
  float epsilon = 1e-5f;  // of every LayerNorm
  Gelu gelu = Gelu::kErf;
  std::vector<Block> blocks;
  LayerNorm ln_last;  // after the last block
  Projection projection;
};

struct VisionTower : Tower {
  int image_size = 0;         // the side of the input image in pixels
  int config_image_size = 0;  // the image size that the config names
  int patch = 0;              // the side of a patch in pixels
  int grid = 0;               // image_size / patch, exactly
  int prefix = 1;             // rows before the patches: the class token, then
                              // the register tokens
  Weights patch_weight;       // [width, 3*patch*patch], channel-major

  // [prefix + grid*grid, width]. What is added to each row at the start: the
  // class token or a register token with its position, or the position of a
  // patch with the bias of the patch embedding. The positions are resampled
  // from the grid of config_image_size.
  Weights positions;
  std::optional<LayerNorm> ln_pre;
  float mean[3], std[3];  // of the RGB channels
};

struct TextTower : Tower {
  int context = 0;          // the most tokens in a text
  int vocabulary = 0;       // the number of tokens
  Weights token_embedding;  // [vocabulary, width]
  Weights positions;        // [context, width]
};

struct Architecture {
  std::string layout;  // "open_clip" | "huggingface" | "dinov2" | "timm"
  std::string hash;    // see fingerprint.h; it does not prove integrity
  int embed_dim = 0;
  std::optional<VisionTower> vision;
  std::optional<TextTower> text;
  size_t weight_bytes = 0;  // size of the weights file

  std::shared_ptr<Safetensors> file;
  std::deque<std::vector<float>> converted;  // tensors that the file does not
                                             // hold as aligned fp32
};

}  // namespace alfa
