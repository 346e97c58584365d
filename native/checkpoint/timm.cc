// VisionTransformer of timm, as saved for the Hugging Face hub. The names are
// those of its vision_transformer.py. The config names an architecture, whose
// numbers are in timm's source: most follow from the shapes of the tensors, the
// others from the table below. The embedding is the class row after the last
// LayerNorm: timm's forward_features with token pooling.
#include <cmath>
#include <string_view>

#include "checkpoint/layout.h"
#include "checkpoint/quote.h"
#include "checkpoint/tower_config.h"
#include "error.h"

namespace alfa {
namespace {

constexpr const char* kTimmAdvice =
    "use a plain vision transformer that pools by its class token";

struct Size {
  std::string_view name;  // vit_<name>_patch...
  int heads;
};

constexpr Size kSizes[] = {{"tiny", 3},   {"xsmall", 4},   {"small", 6},
                           {"medium", 8}, {"betwixt", 10}, {"base", 12},
                           {"large", 16}, {"so400m", 16},  {"huge", 16},
                           {"giant", 16}, {"gigantic", 16}};
constexpr int kPlusHeads = 14;  // such as vit_base_patch16_plus_240

// Arguments of create_model that are visible in the shapes of the tensors, are
// read here, or only act in training.
constexpr const char* kArgumentsKnown[] = {
    "img_size",        "patch_size",     "embed_dim",      "depth",
    "num_heads",       "mlp_ratio",      "in_chans",       "num_classes",
    "init_values",     "class_token",    "no_embed_class", "reg_tokens",
    "qkv_bias",        "proj_bias",      "pos_embed",      "pre_norm",
    "final_norm",      "fc_norm",        "global_pool",    "dynamic_img_size",
    "dynamic_img_pad", "drop_rate",      "pos_drop_rate",  "patch_drop_rate",
    "proj_drop_rate",  "attn_drop_rate", "drop_path_rate", "weight_init",
    "fix_init"};

// Tensors that only unsupported architectures have.
struct UnsupportedTensor {
  const char *prefix, *feature;
};

constexpr UnsupportedTensor kUnsupported[] = {
    {"dist_token", "a distillation token"},
    {"fc_norm.", "average pooling before the last norm (fc_norm)"},
    {"attn_pool.", "attention pooling"},
    {"blocks.0.attn.q_norm.", "normalised queries and keys (qk-norm)"},
    {"blocks.0.attn.norm.", "a norm inside attention"},
    {"blocks.0.mlp.norm.", "a norm inside the MLP"},
    {"blocks.0.mlp.fc1_g.", "a gated MLP (SwiGLU)"},
    {"blocks.0.attns.", "parallel attention"},
    {"blocks.0.in_proj.", "attention and MLP in parallel"},
    {"patch_embed.backbone.", "a convolutional stem"}};

[[noreturn]] void reject(const Section& config, const std::string& feature) {
  throw Error(Code::kModelUnsupported,
              config.label("architecture") + " is " +
                  in_quotes(config.text("architecture", "")) + ", which has " +
                  feature + "; this is not supported; " + kTimmAdvice);
}

// The number of heads by the name of the architecture: 6 for
// "vit_small_patch14_reg4_dinov2", 12 for "deit3_base_patch16_224.fb_in1k" and
// for "flexivit_base".
Dim heads_of(const Section& config) {
  const std::string architecture = config.text("architecture", "");
  std::string_view rest(architecture);
  const auto skip = [&](std::string_view start) {
    const bool present = rest.starts_with(start);
    if (present) rest.remove_prefix(start.size());
    return present;
  };
  const bool flexible = skip("flexivit_");
  if (flexible || skip("vit_") || skip("deit_") || skip("deit3_"))
    for (const Size& size : kSizes) {
      if (!rest.starts_with(size.name)) continue;
      const std::string_view tail = rest.substr(size.name.size());
      const bool matches = flexible ? tail.empty() || tail[0] == '.'
                                    : tail.starts_with("_patch");
      if (!matches) continue;
      return {tail.find("_plus_") != tail.npos ? kPlusHeads : size.heads,
              config.label("architecture")};
    }
  throw Error(Code::kModelUnsupported,
              config.label("architecture") + " is " + in_quotes(architecture) +
                  "; expected a plain vision transformer of a size from tiny "
                  "to gigantic, such as 'vit_base_patch16_224', "
                  "'deit3_small_patch16_224' or "
                  "'vit_small_patch14_reg4_dinov2'");
}

// The image size for which positions were trained: `side` of
// pretrained_cfg.input_size [3, side, side].
Dim input_side(const Section& pretrained) {
  const Json* size = pretrained.json()->find("input_size");
  const bool three =
      size && size->kind == Json::Kind::kArray && size->array.size() == 3;
  // Json::number is 0 if the value is not a number.
  const auto number = [&](size_t i) {
    return three ? size->array[i].number : 0;
  };
  const double side = number(1);
  const bool valid = number(0) == 3 && side == number(2) && side >= 1 &&
                     side <= 1e6 && side == std::floor(side);
  if (!valid)
    throw Error(Code::kModelMismatch,
                pretrained.label("input_size") +
                    " must be [3, side, side]: a square RGB image");
  return {static_cast<int64_t>(side), pretrained.label("input_size")};
}

Block read_timm_block(Reader& reader, const std::string& name, const Dim& width,
                      const Dim& mlp, bool layer_scale) {
  const auto last = [&](const std::string& linear, const std::string& scale,
                        const Dim& in) {
    return layer_scale ? reader.scaled_linear(linear, scale, width, in)
                       : reader.linear(linear, width, in);
  };
  Block block;
  block.ln1 = reader.layer_norm(name + ".norm1", width);
  block.qkv = reader.linear(name + ".attn.qkv", width.times(3), width);
  block.out = last(name + ".attn.proj", name + ".ls1.gamma", width);
  block.ln2 = reader.layer_norm(name + ".norm2", width);
  block.fc1 = reader.linear(name + ".mlp.fc1", mlp, width);
  block.fc2 = last(name + ".mlp.fc2", name + ".ls2.gamma", mlp);
  return block;
}

void expect_supported(const Reader& reader, const Section& config,
                      const Section& arguments) {
  expect_known_keys(arguments, kArgumentsKnown, {}, kTimmAdvice);
  for (const Section& section : {config, arguments}) {
    const std::string pool = section.text("global_pool", "token");
    if (!pool.empty() && pool != "token")
      reject(config, in_quotes(pool) + " pooling (" +
                         section.label("global_pool") + ")");
  }
  for (const UnsupportedTensor& tensor : kUnsupported)
    if (reader.has(tensor.prefix)) reject(config, tensor.feature);
  if (!reader.has("cls_token")) reject(config, "no class token");
  if (!reader.has("pos_embed")) reject(config, "no learned positions");
  if (!reader.has("blocks.0.attn.qkv.bias"))
    reject(config, "no biases on queries, keys and values");
  if (!reader.has("norm.")) reject(config, "no norm after its blocks");
}

Weights read_positions(Reader& reader, const Dim& width, const Dim& grid,
                       bool patch_bias, VisionTower& tower) {
  const Dim one = {1, ""};
  PositionParts parts;
  parts.class_row = reader.take("cls_token", {one, one, width});
  if (reader.has("reg_token")) {
    const Dim count = reader.measure("reg_token", 3, 1);
    parts.registers = reader.take("reg_token", {one, count, width});
    tower.prefix = 1 + count;
  }
  // With no_embed_class only patches have a position.
  const int64_t patches = grid.size * grid.size;
  const bool patches_only = reader.measure("pos_embed", 3, 1).size == patches;
  const int64_t rows = patches + (patches_only ? 0 : tower.prefix);
  parts.rows = reader.take("pos_embed", {one, {rows, grid.key}, width});
  if (patch_bias)
    parts.patch_bias = reader.take("patch_embed.proj.bias", {width});
  return reader.positions(parts, tower, Bicubic::kAntialias);
}

void read_blocks(const Section& config, const Section& arguments,
                 const Dim& heads, const Dim& width, Reader& reader,
                 VisionTower& tower) {
  const Dim mlp = reader.measure("blocks.0.mlp.fc2.weight", 2, 1);
  if (reader.measure("blocks.0.mlp.fc1.weight", 2, 0).size == 2 * mlp.size)
    reject(config, "a gated MLP (SwiGLU)");
  int64_t depth = 0;
  while (reader.has("blocks." + std::to_string(depth) + ".")) ++depth;
  set_size(tower, width, {depth, ""}, arguments.count("num_heads", heads.size),
           mlp);
  const bool layer_scale = reader.has("blocks.0.ls1.");
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_timm_block(
        reader, "blocks." + std::to_string(i), width, mlp, layer_scale));
}

void read_timm(const LayoutConfig& files, Reader& reader, Architecture& model) {
  const Section& config = files.config;
  const Section arguments = config.child("model_args");
  // Old configs have the keys of pretrained_cfg at the top.
  const Section nested = config.child("pretrained_cfg");
  const Section pretrained = nested ? nested : config;
  const Dim heads = heads_of(config);
  expect_supported(reader, config, arguments);

  VisionTower& tower = model.vision.emplace();
  const Dim width = reader.measure("cls_token", 3, 2);
  read_blocks(config, arguments, heads, width, reader, tower);
  const std::string architecture = config.text("architecture", "");
  const auto name_has = [&](const char* part) {
    return architecture.find(part) != std::string::npos;
  };
  tower.epsilon = name_has("_clip_") ? 1e-5f : 1e-6f;
  tower.gelu = name_has("_quickgelu_") ? Gelu::kQuick : Gelu::kErf;

  const Dim patch = reader.measure("patch_embed.proj.weight", 4, 3);
  const Json* img_size =
      arguments ? arguments.json()->find("img_size") : nullptr;
  const bool has_img_size = img_size && img_size->kind != Json::Kind::kNull;
  const Dim config_image_size =
      has_img_size ? arguments.side("img_size", 0) : input_side(pretrained);
  const Dim grid = set_grid(tower, config_image_size, patch, files.image_size);
  const bool pre_norm = reader.has("norm_pre.");
  tower.positions = read_positions(reader, width, grid, !pre_norm, tower);
  tower.patch_weight =
      reader.patch_weight("patch_embed.proj.weight", width, patch);
  if (pre_norm) tower.ln_pre = reader.layer_norm("norm_pre", width);
  tower.ln_last = reader.layer_norm("norm", width);
  set_normalisation(tower, pretrained, "mean", "std", kImageNetNormalisation);
  reader.expect_all_taken("", {"head.weight", "head.bias"});
  model.embed_dim = width;
}

}  // namespace

extern const Layout kTimm;
const Layout kTimm = {
    .name = "timm",
    .config_file = "config.json",
    .weights_file = "model.safetensors",
    .preprocessor_file = "preprocessor_config.json",
    .models = "vision transformers of timm",
    .configs = "an 'architecture' of timm without model_type",
    .matches =
        [](const Section& config) {
          return config.text("model_type", "").empty() &&
                 (config.json()->find("architecture") ||
                  config.json()->find("pretrained_cfg"));
        },
    .read = read_timm,
};

}  // namespace alfa
