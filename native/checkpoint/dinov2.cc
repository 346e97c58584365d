// Dinov2Model and Dinov2WithRegistersModel of transformers. The names are those
// of published files: save_pretrained still writes them, although the modeling
// files have newer ones. The defaults are those of the two config classes. The
// embedding is the class row after the last LayerNorm.
#include "checkpoint/layout.h"
#include "checkpoint/quote.h"
#include "checkpoint/tower_config.h"
#include "error.h"

namespace alfa {
namespace {

constexpr const char* kRegistersType = "dinov2_with_registers";

Block read_dinov2_block(Reader& reader, const std::string& name,
                        const Dim& width, const Dim& mlp) {
  const std::string attention = name + ".attention.attention.";
  Block block;
  block.ln1 = reader.layer_norm(name + ".norm1", width);
  block.qkv = reader.stacked_linear(
      {attention + "query", attention + "key", attention + "value"}, width);
  block.out =
      reader.scaled_linear(name + ".attention.output.dense",
                           name + ".layer_scale1.lambda1", width, width);
  block.ln2 = reader.layer_norm(name + ".norm2", width);
  block.fc1 = reader.linear(name + ".mlp.fc1", mlp, width);
  block.fc2 = reader.scaled_linear(name + ".mlp.fc2",
                                   name + ".layer_scale2.lambda1", width, mlp);
  return block;
}

void expect_supported(const Section& config) {
  const auto reject = [&](const char* key, const std::string& value,
                          const std::string& expected) {
    throw Error(Code::kModelUnsupported,
                config.label(key) + " is " + value + "; expected " + expected +
                    ". The small, base and large DINOv2 models are supported");
  };
  if (config.flag("use_swiglu_ffn", false))
    reject("use_swiglu_ffn", "true (SwiGLU, as in the giant models)", "false");
  if (!config.flag("qkv_bias", true)) reject("qkv_bias", "false", "true");
  const std::string act = config.text("hidden_act", "gelu");
  if (act != "gelu") reject("hidden_act", in_quotes(act), "'gelu'");
  expect_rgb(config);
}

Weights read_positions(const Section& config, Reader& reader,
                       const std::string& prefix, const Dim& width,
                       const Dim& grid, VisionTower& tower) {
  const bool registers = config.text("model_type", "") == kRegistersType;
  const Dim one = {1, ""};
  PositionParts parts;
  parts.rows = reader.take(prefix + "position_embeddings",
                           {one, {grid.size * grid.size + 1, grid.key}, width});
  parts.class_row = reader.take(prefix + "cls_token", {one, one, width});
  parts.patch_bias =
      reader.take(prefix + "patch_embeddings.projection.bias", {width});
  if (registers) {
    const Dim count = config.count("num_register_tokens", 4);
    parts.registers =
        reader.take(prefix + "register_tokens", {one, count, width});
    tower.prefix = 1 + count;
  }
  return reader.positions(parts, tower,
                          registers ? Bicubic::kAntialias : Bicubic::kPlain);
}

void read_dinov2(const LayoutConfig& files, Reader& reader,
                 Architecture& model) {
  const Section& config = files.config;
  const std::string type = config.text("model_type", "");
  const bool registers = type == kRegistersType;
  if (type != "dinov2" && !registers)
    throw Error(Code::kModelUnsupported,
                config.label("model_type") + " is " + in_quotes(type) +
                    "; expected 'dinov2' or 'dinov2_with_registers'");
  expect_supported(config);

  // Classification models keep the backbone under the name of its type.
  const std::string prefix = reader.has(type + ".") ? type + "." : "";
  const std::string embeddings = prefix + "embeddings.";
  VisionTower& tower = model.vision.emplace();
  const Dim patch = config.side("patch_size", registers ? 16 : 14);
  const Dim grid =
      set_grid(tower, config.side("image_size", 224), patch, files.image_size);
  const Dim width = config.count("hidden_size", 768);
  const Dim mlp = mlp_width(config, width);
  set_size(tower, width, config.count("num_hidden_layers", 12),
           config.count("num_attention_heads", 12), mlp);
  tower.epsilon = config.epsilon("layer_norm_eps", 1e-6f);
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_dinov2_block(
        reader, prefix + "encoder.layer." + std::to_string(i), width, mlp));
  tower.positions =
      read_positions(config, reader, embeddings, width, grid, tower);
  tower.patch_weight = reader.patch_weight(
      embeddings + "patch_embeddings.projection.weight", width, patch);
  tower.ln_last = reader.layer_norm(prefix + "layernorm", width);
  set_preprocessor(tower, files.preprocessor, kImageNetNormalisation);
  reader.expect_all_taken(
      "", {embeddings + "mask_token", "classifier.weight", "classifier.bias"});
  model.embed_dim = width;
}

}  // namespace

extern const Layout kDinov2;
const Layout kDinov2 = {
    .name = "dinov2",
    .config_file = "config.json",
    .weights_file = "model.safetensors",
    .preprocessor_file = "preprocessor_config.json",
    .models = "DINOv2 of transformers",
    .configs = "model_type 'dinov2' or 'dinov2_with_registers'",
    .matches =
        [](const Section& config) {
          return config.text("model_type", "").starts_with("dinov2");
        },
    .read = read_dinov2,
};

}  // namespace alfa
