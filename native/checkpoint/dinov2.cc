// transformers' Dinov2Model and Dinov2WithRegistersModel: names as in published
// files, which save_pretrained writes too where the modeling files have newer
// ones; defaults as in the two config classes. The embedding is the class row
// after the last LayerNorm.
#include "checkpoint/architecture.h"
#include "checkpoint/layout.h"
#include "checkpoint/quote.h"
#include "checkpoint/reader.h"
#include "error.h"

namespace alfa {
namespace {

const char* const kConfig = "config.json";

Block read_block(Reader& reader, const std::string& name, const Dim& width,
                 const Dim& mlp) {
  const std::string attention = name + ".attention.attention.";
  const auto three = [&](const char* what) {
    return std::vector<std::string>{attention + "query." + what,
                                    attention + "key." + what,
                                    attention + "value." + what};
  };
  Block block;
  block.ln1 = reader.layer_norm(name + ".norm1", width);
  block.qkv = {reader.stack(three("weight"), {width, width}),
               reader.stack(three("bias"), {width})};
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
  const auto refuse = [&](const char* key, const std::string& found,
                          const std::string& expected) {
    throw Error(Code::kModelUnsupported,
                config.label(key) + " is " + found + ", expected " + expected +
                    "; the small, base and large DINOv2 models are supported");
  };
  if (config.flag("use_swiglu_ffn", false))
    refuse("use_swiglu_ffn", "true (SwiGLU, as in the giant models)", "false");
  if (!config.flag("qkv_bias", true)) refuse("qkv_bias", "false", "true");
  const std::string act = config.text("hidden_act", "gelu");
  if (act != "gelu") refuse("hidden_act", in_quotes(act), "'gelu'");
  const Dim channels = config.count("num_channels", 3);
  if (channels.size != 3)
    refuse("num_channels", std::to_string(channels.size),
           "3: red, green, blue");
}

}  // namespace

Architecture read_dinov2(const Json& config, const Json* preprocessor,
                         std::shared_ptr<Safetensors> file, int image_size) {
  Architecture model;
  model.layout = "dinov2";
  model.file = std::move(file);
  const Section whole(&config, "", kConfig);
  const std::string type = whole.text("model_type", "");
  const bool registers = type == "dinov2_with_registers";
  if (type != "dinov2" && !registers)
    throw Error(Code::kModelUnsupported,
                whole.label("model_type") + " is " + in_quotes(type) +
                    ", expected 'dinov2' or 'dinov2_with_registers'");
  expect_supported(whole);

  Reader reader(model);
  // the classification models hold the backbone under its type's name
  const std::string prefix = reader.any(type + ".") ? type + "." : "",
                    embeddings = prefix + "embeddings.";
  VisionTower& tower = model.vision.emplace();
  const Dim patch = whole.side("patch_size", registers ? 16 : 14);
  const Dim grid =
      set_grid(tower, whole.side("image_size", 224), patch, image_size);
  const Dim width = whole.count("hidden_size", 768);
  const Dim mlp = {static_cast<int64_t>(static_cast<double>(width.size) *
                                        whole.ratio("mlp_ratio", 4)),
                   whole.label("mlp_ratio")};
  if (mlp.size < 1 || mlp.size > 10000000)
    throw Error(Code::kModelMismatch, mlp.key + " gives an MLP of " +
                                          std::to_string(mlp.size) +
                                          ", out of range");
  set_size(tower, width, whole.count("num_hidden_layers", 12),
           whole.count("num_attention_heads", 12), mlp);
  tower.epsilon = whole.epsilon("layer_norm_eps", 1e-6f);
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_block(
        reader, prefix + "encoder.layer." + std::to_string(i), width, mlp));

  PositionParts parts;
  parts.rows =
      reader.take(embeddings + "position_embeddings",
                  {{1, ""}, {grid.size * grid.size + 1, grid.key}, width});
  parts.class_row =
      reader.take(embeddings + "cls_token", {{1, ""}, {1, ""}, width});
  parts.patch_bias =
      reader.take(embeddings + "patch_embeddings.projection.bias", {width});
  if (registers) {
    const Dim count = whole.count("num_register_tokens", 4);
    parts.registers =
        reader.take(embeddings + "register_tokens", {{1, ""}, count, width});
    tower.prefix = 1 + count;
  }
  tower.positions = reader.positions(
      parts, tower, registers ? Bicubic::kAntialias : Bicubic::kPlain);
  tower.patch_weight = reader.patch_weight(
      embeddings + "patch_embeddings.projection.weight", width, patch);
  tower.ln_last = reader.layer_norm(prefix + "layernorm", width);
  set_preprocessor(tower, preprocessor, kImageNetNormalisation);
  reader.expect_all_taken(
      "", {embeddings + "mask_token", "classifier.weight", "classifier.bias"},
      kConfig);
  model.embed_dim = width;
  return model;
}

}  // namespace alfa
