// CLIPModel of transformers. The names are those of its modeling_clip.py, the
// defaults those of CLIPVisionConfig and CLIPTextConfig: configs on the hub
// leave out values that equal them. eos_token_id is not read, because the
// tokenizer marks the end of a text.
#include "checkpoint/layout.h"
#include "checkpoint/quote.h"
#include "checkpoint/tower_config.h"
#include "error.h"

namespace alfa {
namespace {

Block read_huggingface_block(Reader& reader, const std::string& name,
                             const Dim& width, const Dim& mlp) {
  const std::string attention = name + ".self_attn.";
  Block block;
  block.ln1 = reader.layer_norm(name + ".layer_norm1", width);
  block.qkv = reader.stacked_linear(
      {attention + "q_proj", attention + "k_proj", attention + "v_proj"},
      width);
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
                                           "; expected 'quick_gelu' or 'gelu'");
}

// Sizes, epsilon, activation and blocks, which both towers have. Returns the
// width.
Dim read_transformer(Reader& reader, const Section& config,
                     const std::string& prefix, const Dim& width, int heads,
                     int mlp, Tower& tower) {
  const Dim inner = config.count("intermediate_size", mlp);
  set_size(tower, width, config.count("num_hidden_layers", 12),
           config.count("num_attention_heads", heads), inner);
  tower.epsilon = config.epsilon("layer_norm_eps", 1e-5f);
  tower.gelu = read_gelu(config);
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_huggingface_block(
        reader, prefix + "encoder.layers." + std::to_string(i), width, inner));
  return width;
}

VisionTower read_vision(Reader& reader, const Section& config, const Dim& embed,
                        int image_size) {
  const std::string prefix = "vision_model.";
  VisionTower tower;
  expect_rgb(config);
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
       .patch_bias = reader.take_if_present(
           prefix + "embeddings.patch_embedding.bias", {width})},
      tower, Bicubic::kPlain);
  // The missing "e" is part of the name.
  tower.ln_pre = reader.layer_norm(prefix + "pre_layrnorm", width);
  tower.ln_last = reader.layer_norm(prefix + "post_layernorm", width);
  tower.projection = {reader.take("visual_projection.weight", {embed, width}),
                      false};
  reader.expect_all_taken(prefix, {prefix + "embeddings.position_ids"});
  reader.expect_all_taken("visual_projection.");
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
  reader.expect_all_taken(prefix, {prefix + "embeddings.position_ids"});
  reader.expect_all_taken("text_projection.");
  return tower;
}

// Old versions wrote the section as `<key>_dict`. If it is present,
// transformers ignores the other one.
Section tower_section(const Section& config, const char* key) {
  const Section old = config.child((std::string(key) + "_dict").c_str());
  return old ? old : config.child(key);
}

// What transformers calls the model, such as "CLIPVisionModel", or "".
std::string class_name(const Section& config) {
  const Json* names = config.json()->find("architectures");
  if (!names || names->kind != Json::Kind::kArray || names->array.empty())
    return "";
  const Json& name = names->array[0];
  return name.kind == Json::Kind::kString ? name.string : "";
}

// Error(kModelUnsupported) for an export of one tower without its projection:
// CLIPVisionModel, CLIPTextModel, or a classifier on top of a tower. Without
// the projection, images and texts have no common space.
void expect_projection(const Section& config, const Reader& reader,
                       const std::string& weights, bool vision, bool text) {
  // Newer versions of transformers leave the prefix out.
  const bool bare_vision = reader.has("embeddings.patch_embedding.");
  const bool bare_text = reader.has("embeddings.token_embedding.");
  const bool has_projection =
      reader.has("visual_projection.") || reader.has("text_projection.");
  const bool one_tower = vision != text || bare_vision || bare_text;
  if (!one_tower || has_projection) return;
  const bool image = vision || bare_vision;
  const std::string tower = image ? "image" : "text";
  const std::string projection =
      image ? "visual_projection.weight" : "text_projection.weight";
  const std::string usable =
      image ? "CLIPVisionModelWithProjection" : "CLIPTextModelWithProjection";
  const std::string name = class_name(config);
  throw Error(Code::kModelUnsupported,
              weights + ": this is the " + tower + " tower of a CLIP model" +
                  (name.empty() ? "" : " (" + in_quotes(name) + ")") +
                  " without its projection, because " + projection +
                  " is missing; expected an export of CLIPModel or of " +
                  usable + ". Save it in Python: " + usable +
                  ".from_pretrained(name).save_pretrained(folder)");
}

void read_huggingface(const LayoutConfig& files, Reader& reader,
                      Architecture& model) {
  const Section& config = files.config;
  const std::string type = config.text("model_type", "");
  // CLIPVisionModelWithProjection and CLIPTextModelWithProjection write the
  // section of their tower as the whole config.
  const bool vision_only = type == "clip_vision_model";
  const bool text_only = type == "clip_text_model";
  if (type != "clip" && !vision_only && !text_only)
    throw Error(Code::kModelUnsupported,
                config.label("model_type") + " is " + in_quotes(type) +
                    "; expected 'clip', 'clip_vision_model' or "
                    "'clip_text_model'");

  const Dim embed = config.count("projection_dim", 512);
  model.embed_dim = embed;
  const bool vision =
      reader.has("vision_model.") || reader.has("visual_projection.");
  const bool text = reader.has("text_model.") || reader.has("text_projection.");
  if ((vision && text_only) || (text && vision_only))
    throw Error(Code::kModelMismatch, config.label("model_type") + " is " +
                                          in_quotes(type) + ", but " +
                                          model.file->path() +
                                          " also has the other tower");
  expect_projection(config, reader, model.file->path(), vision, text);
  if (vision) {
    const Section section =
        vision_only ? config : tower_section(config, "vision_config");
    model.vision = read_vision(reader, section, embed, files.image_size);
    set_preprocessor(*model.vision, files.preprocessor, kClipNormalisation);
  }
  if (text) {
    const Section section =
        text_only ? config : tower_section(config, "text_config");
    model.text = read_text(reader, section, embed);
  }
}

}  // namespace

extern const Layout kHuggingFaceClip;
const Layout kHuggingFaceClip = {
    .name = "huggingface",
    .config_file = "config.json",
    .weights_file = "model.safetensors",
    .preprocessor_file = "preprocessor_config.json",
    .models = "CLIP of transformers",
    .configs = "model_type 'clip', 'clip_vision_model' or 'clip_text_model'",
    .matches =
        [](const Section& config) {
          return config.text("model_type", "").starts_with("clip");
        },
    .read = read_huggingface,
};

}  // namespace alfa
