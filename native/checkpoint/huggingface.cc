// transformers' CLIPModel: names as in its modeling_clip.py, defaults as in
// CLIPVisionConfig and CLIPTextConfig (configs on the hub leave out what equals
// them). eos_token_id is not read: the tokenizer marks where a text ends.
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
  const std::string attention = name + ".self_attn.";
  const auto three = [&](const char* what) {
    return std::vector<std::string>{attention + "q_proj." + what,
                                    attention + "k_proj." + what,
                                    attention + "v_proj." + what};
  };
  Block block;
  block.ln1 = reader.layer_norm(name + ".layer_norm1", width);
  block.qkv = {reader.stack(three("weight"), {width, width}),
               reader.stack(three("bias"), {width})};
  block.out = reader.linear(attention + "out_proj", width, width);
  block.ln2 = reader.layer_norm(name + ".layer_norm2", width);
  block.fc1 = reader.linear(name + ".mlp.fc1", mlp, width);
  block.fc2 = reader.linear(name + ".mlp.fc2", width, mlp);
  return block;
}

Gelu read_gelu(const Section& config) {
  const std::string act = config.text("hidden_act", "quick_gelu");
  if (act == "quick_gelu") return Gelu::kQuick;
  if (act == "gelu") return Gelu::kErf;
  throw Error(Code::kModelUnsupported, config.label("hidden_act") + " is " +
                                           in_quotes(act) +
                                           ", expected 'quick_gelu' or 'gelu'");
}

// Sizes, epsilon, activation and blocks: what the towers have in common.
// Returns the width.
Dim read_transformer(Reader& reader, const Section& config,
                     const std::string& prefix, const Dim& width, int heads,
                     int mlp, Tower& tower) {
  const Dim inner = config.count("intermediate_size", mlp);
  set_size(tower, width, config.count("num_hidden_layers", 12),
           config.count("num_attention_heads", heads), inner);
  tower.epsilon = config.epsilon("layer_norm_eps", 1e-5f);
  tower.gelu = read_gelu(config);
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_block(
        reader, prefix + "encoder.layers." + std::to_string(i), width, inner));
  return width;
}

VisionTower read_vision(Reader& reader, const Section& config, const Dim& embed,
                        int image_size) {
  const std::string prefix = "vision_model.";
  VisionTower tower;
  const Dim channels = config.count("num_channels", 3);
  if (channels.size != 3)
    throw Error(Code::kModelUnsupported, channels.key + " is " +
                                             std::to_string(channels.size) +
                                             ", expected 3: red, green, blue");
  const Dim patch = config.side("patch_size", 32);
  const Dim grid =
      set_grid(tower, config.side("image_size", 224), patch, image_size);
  const Dim width =
      read_transformer(reader, config, prefix, config.count("hidden_size", 768),
                       12, 3072, tower);
  tower.patch_weight = reader.patch_weight(
      prefix + "embeddings.patch_embedding.weight", width, patch);
  tower.positions = reader.positions(
      {.rows = reader.take(prefix + "embeddings.position_embedding.weight",
                           {{grid.size * grid.size + 1, grid.key}, width}),
       .class_row = reader.take(prefix + "embeddings.class_embedding", {width}),
       .patch_bias = reader.take_if_there(
           prefix + "embeddings.patch_embedding.bias", {width})},
      tower, Bicubic::kPlain);
  tower.ln_pre =
      reader.layer_norm(prefix + "pre_layrnorm", width);  // their spelling
  tower.ln_last = reader.layer_norm(prefix + "post_layernorm", width);
  tower.projection = {reader.take("visual_projection.weight", {embed, width}),
                      false};
  reader.expect_all_taken(prefix, {prefix + "embeddings.position_ids"},
                          kConfig);
  reader.expect_all_taken("visual_projection.", {}, kConfig);
  return tower;
}

TextTower read_text(Reader& reader, const Section& config, const Dim& embed) {
  const std::string prefix = "text_model.";
  TextTower tower;
  const Dim context = config.count("max_position_embeddings", 77),
            vocabulary = config.count("vocab_size", 49408);
  const Dim width = read_transformer(
      reader, config, prefix, config.count("hidden_size", 512), 8, 2048, tower);
  tower.context = context;
  tower.vocabulary = vocabulary;
  tower.token_embedding = reader.take(
      prefix + "embeddings.token_embedding.weight", {vocabulary, width});
  tower.positions = reader.take(prefix + "embeddings.position_embedding.weight",
                                {context, width});
  tower.ln_last = reader.layer_norm(prefix + "final_layer_norm", width);
  tower.projection = {reader.take("text_projection.weight", {embed, width}),
                      false};
  reader.expect_all_taken(prefix, {prefix + "embeddings.position_ids"},
                          kConfig);
  reader.expect_all_taken("text_projection.", {}, kConfig);
  return tower;
}

// `<key>_dict` is how old versions wrote the section; where it stands,
// transformers takes it and its defaults for all.
Section tower_section(const Section& whole, const char* key) {
  const Section old = whole.child((std::string(key) + "_dict").c_str());
  return old ? old : whole.child(key);
}

}  // namespace

Architecture read_huggingface(const Json& config, const Json* preprocessor,
                              std::shared_ptr<Safetensors> file,
                              int image_size) {
  Architecture model;
  model.layout = "huggingface";
  model.file = std::move(file);
  const Section whole(&config, "", kConfig);
  const std::string type = whole.text("model_type", "");
  // CLIPVisionModelWithProjection and CLIPTextModelWithProjection write their
  // one section as the whole config
  const bool vision_only = type == "clip_vision_model",
             text_only = type == "clip_text_model";
  if (type != "clip" && !vision_only && !text_only)
    throw Error(Code::kModelUnsupported,
                whole.label("model_type") + " is " + in_quotes(type) +
                    ", expected 'clip': only CLIP models are supported");

  Reader reader(model);
  const Dim embed = whole.count("projection_dim", 512);
  model.embed_dim = embed;
  const bool vision =
      reader.any("vision_model.") || reader.any("visual_projection.");
  const bool text = reader.any("text_model.") || reader.any("text_projection.");
  if ((vision && text_only) || (text && vision_only))
    throw Error(Code::kModelMismatch, whole.label("model_type") + " is " +
                                          in_quotes(type) + ", yet " +
                                          model.file->path() +
                                          " also holds the other tower");
  if (vision) {
    model.vision = read_vision(
        reader, vision_only ? whole : tower_section(whole, "vision_config"),
        embed, image_size);
    set_preprocessor(*model.vision, preprocessor, kClipNormalisation);
  }
  if (text)
    model.text = read_text(
        reader, text_only ? whole : tower_section(whole, "text_config"), embed);
  return model;
}

}  // namespace alfa
