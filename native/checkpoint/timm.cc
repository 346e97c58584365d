// timm's VisionTransformer, as saved for the Hugging Face hub: names as in its
// vision_transformer.py. The config names an architecture whose numbers stand
// in timm's source; what the tensors' shapes do not tell of them is in the
// table below. The embedding is the class row after the last LayerNorm: of
// timm's forward_features, pooled by token.
#include <cmath>
#include <string_view>

#include "checkpoint/architecture.h"
#include "checkpoint/layout.h"
#include "checkpoint/quote.h"
#include "checkpoint/reader.h"
#include "error.h"

namespace alfa {
namespace {

const char* const kConfig = "config.json";
constexpr const char* kAdvice =
    "use a plain vision transformer that ends in its class token";

struct Size {
  std::string_view name;  // vit_<name>_patch...
  int heads;
};

constexpr Size kSizes[] = {{"tiny", 3},   {"xsmall", 4},   {"small", 6},
                           {"medium", 8}, {"betwixt", 10}, {"base", 12},
                           {"large", 16}, {"so400m", 16},  {"huge", 16},
                           {"giant", 16}, {"gigantic", 16}};
constexpr int kPlusHeads = 14;  // vit_base_patch16_plus_240 and its like

// What create_model was called with. These show in the tensors' shapes, are
// read here or act in training only.
constexpr const char* kArgumentsKnown[] = {
    "img_size",        "patch_size",     "embed_dim",      "depth",
    "num_heads",       "mlp_ratio",      "in_chans",       "num_classes",
    "init_values",     "class_token",    "no_embed_class", "reg_tokens",
    "qkv_bias",        "proj_bias",      "pos_embed",      "pre_norm",
    "final_norm",      "fc_norm",        "global_pool",    "dynamic_img_size",
    "dynamic_img_pad", "drop_rate",      "pos_drop_rate",  "patch_drop_rate",
    "proj_drop_rate",  "attn_drop_rate", "drop_path_rate", "weight_init",
    "fix_init"};

// Tensors of the forms that are not run.
struct Sign {
  const char *prefix, *means;
};

constexpr Sign kNotRun[] = {
    {"dist_token", "a distillation token"},
    {"fc_norm.", "average pooling before the last norm (fc_norm)"},
    {"attn_pool.", "attention pooling"},
    {"blocks.0.attn.q_norm.", "normalised queries and keys (qk-norm)"},
    {"blocks.0.attn.norm.", "a norm inside of attention"},
    {"blocks.0.mlp.norm.", "a norm inside of the MLP"},
    {"blocks.0.mlp.fc1_g.", "a gated MLP (SwiGLU)"},
    {"blocks.0.attns.", "parallel attention"},
    {"blocks.0.in_proj.", "attention and MLP side by side"},
    {"patch_embed.backbone.", "a convolutional stem"}};

[[noreturn]] void refuse(const Section& config, const std::string& what) {
  throw Error(Code::kModelUnsupported,
              config.label("architecture") + ", " +
                  in_quotes(config.text("architecture", "")) + ", has " + what +
                  ", which is not supported; " + kAdvice);
}

// "vit_small_patch14_reg4_dinov2", "deit3_base_patch16_224.fb_in1k" or
// "flexivit_base" -> 6, 12, 12.
Dim heads_of(const Section& config) {
  const std::string architecture = config.text("architecture", "");
  std::string_view rest(architecture);
  const auto skip = [&](std::string_view start) {
    const bool there = rest.starts_with(start);
    if (there) rest.remove_prefix(start.size());
    return there;
  };
  const bool flexible = skip("flexivit_");
  if (flexible || skip("vit_") || skip("deit_") || skip("deit3_"))
    for (const Size& size : kSizes) {
      if (!rest.starts_with(size.name)) continue;
      const std::string_view tail = rest.substr(size.name.size());
      if (flexible ? !tail.empty() && tail[0] != '.'
                   : !tail.starts_with("_patch"))
        continue;
      return {tail.find("_plus_") != tail.npos ? kPlusHeads : size.heads,
              config.label("architecture")};
    }
  throw Error(Code::kModelUnsupported,
              config.label("architecture") + " is " + in_quotes(architecture) +
                  ", expected a plain vision transformer: "
                  "'vit_base_patch16_224', 'deit3_small_patch16_224', "
                  "'vit_small_patch14_reg4_dinov2' and their like, of the "
                  "sizes from tiny to gigantic");
}

// [3, side, side], as pretrained_cfg.input_size; also the image that positions
// are for.
Dim input_side(const Section& pretrained) {
  const Json* size = pretrained.json()->find("input_size");
  const bool three =
      size && size->kind == Json::Kind::kArray && size->array.size() == 3;
  const auto number = [&](size_t i) {  // Json leaves 0 where a value is none
    return three ? size->array[i].number : 0;
  };
  const double side = number(1);
  if (number(0) != 3 || side != number(2) || !(side >= 1 && side <= 1e6) ||
      side != std::floor(side))
    throw Error(
        Code::kModelMismatch,
        pretrained.label("input_size") +
            " must be a list [3, side, side] of a square image in colour");
  return {static_cast<int64_t>(side), pretrained.label("input_size")};
}

Block read_block(Reader& reader, const std::string& name, const Dim& width,
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
  refuse_others(arguments, kArgumentsKnown, {}, kAdvice);
  for (const Section& section : {config, arguments}) {
    const std::string pool = section.text("global_pool", "token");
    if (!pool.empty() && pool != "token")
      refuse(config, in_quotes(pool) + " pooling (" +
                         section.label("global_pool") + ")");
  }
  for (const Sign& sign : kNotRun)
    if (reader.any(sign.prefix)) refuse(config, sign.means);
  if (!reader.any("cls_token")) refuse(config, "no class token");
  if (!reader.any("pos_embed"))
    refuse(config, "no learned positions, but perhaps rotary ones");
  if (!reader.any("blocks.0.attn.qkv.bias"))
    refuse(config, "no biases on queries, keys and values");
  if (!reader.any("norm.")) refuse(config, "no norm after its blocks");
}

}  // namespace

Architecture read_timm(const Json& config, std::shared_ptr<Safetensors> file,
                       int image_size) {
  Architecture model;
  model.layout = "timm";
  model.file = std::move(file);
  const Section whole(&config, "", kConfig),
      arguments = whole.child("model_args");
  const Section nested = whole.child("pretrained_cfg"),
                pretrained = nested ? nested : whole;  // old ones: one level
  const Dim named_heads = heads_of(whole);

  Reader reader(model);
  expect_supported(reader, whole, arguments);
  VisionTower& tower = model.vision.emplace();
  const Dim width = reader.measure("cls_token", 3, 2),
            mlp = reader.measure("blocks.0.mlp.fc2.weight", 2, 1);
  if (reader.measure("blocks.0.mlp.fc1.weight", 2, 0).size == 2 * mlp.size)
    refuse(whole, "a gated MLP (SwiGLU)");
  int64_t depth = 0;
  while (reader.any("blocks." + std::to_string(depth) + ".")) ++depth;
  set_size(tower, width, {depth, ""},
           arguments.count("num_heads", named_heads.size), mlp);
  const std::string architecture = whole.text("architecture", "");
  const auto names = [&](const char* part) {
    return architecture.find(part) != std::string::npos;
  };
  tower.epsilon = names("_clip_") ? 1e-5f : 1e-6f;
  tower.gelu = names("_quickgelu_") ? Gelu::kQuick : Gelu::kErf;
  const bool layer_scale = reader.any("blocks.0.ls1."),
             pre_norm = reader.any("norm_pre.");
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_block(reader, "blocks." + std::to_string(i),
                                      width, mlp, layer_scale));

  const Dim patch = reader.measure("patch_embed.proj.weight", 4, 3);
  const Json* argument =
      arguments ? arguments.json()->find("img_size") : nullptr;
  const bool given = argument && argument->kind != Json::Kind::kNull;
  const Dim grid = set_grid(
      tower, given ? arguments.side("img_size", 0) : input_side(pretrained),
      patch, image_size);
  const Dim one = {1, ""};
  PositionParts parts;
  parts.class_row = reader.take("cls_token", {one, one, width});
  if (reader.any("reg_token")) {
    const Dim count = reader.measure("reg_token", 3, 1);
    parts.registers = reader.take("reg_token", {one, count, width});
    tower.prefix = 1 + count;
  }
  const int64_t patches = grid.size * grid.size;
  // no_embed_class: only patches have a position
  const bool patches_only = reader.measure("pos_embed", 3, 1).size == patches;
  parts.rows = reader.take(
      "pos_embed",
      {one, {patches + (patches_only ? 0 : tower.prefix), grid.key}, width});
  if (!pre_norm)
    parts.patch_bias = reader.take("patch_embed.proj.bias", {width});
  tower.positions = reader.positions(parts, tower, Bicubic::kAntialias);
  tower.patch_weight =
      reader.patch_weight("patch_embed.proj.weight", width, patch);
  if (pre_norm) tower.ln_pre = reader.layer_norm("norm_pre", width);
  tower.ln_last = reader.layer_norm("norm", width);
  set_normalisation(tower, pretrained, "mean", "std", kImageNetNormalisation);
  reader.expect_all_taken("", {"head.weight", "head.bias"}, kConfig);
  model.embed_dim = width;
  return model;
}

}  // namespace alfa
