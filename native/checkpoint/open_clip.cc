// CLIP and CustomTextCLIP of open_clip. The names are those of its
// transformer.py, the defaults those of CLIPVisionCfg and CLIPTextCfg.
#include "checkpoint/layout.h"
#include "checkpoint/tower_config.h"
#include "error.h"

namespace alfa {
namespace {

constexpr SupportedValue kVisionSupported[] = {{"pool_type", "tok"},
                                               {"block_type", "default"}};
constexpr SupportedValue kTextSupported[] = {{"pool_type", "argmax"},
                                             {"block_type", "default"},
                                             {"proj_type", "linear"},
                                             {"proj", "linear"}};

// The keys that are read here, and those that do not change the results:
// dropout only acts in training, positions are stored however they were
// initialised, and LayerNorm gives the same whether it comes before or after
// picking the pooled row. A tower of timm, a Hugging Face tower and an
// attention pooler are rejected at the key that turns them on. Every other key
// must be off: null, false, 0 or empty.
constexpr const char* kVisionKnown[] = {"image_size",
                                        "layers",
                                        "width",
                                        "head_width",
                                        "mlp_ratio",
                                        "patch_size",
                                        "no_ln_pre",
                                        "norm_kwargs",
                                        "patch_dropout",
                                        "pos_embed_type",
                                        "output_tokens",
                                        "final_ln_after_pool",
                                        "attn_pooler_queries",
                                        "attn_pooler_heads",
                                        "timm_model_pretrained",
                                        "timm_pool",
                                        "timm_proj",
                                        "timm_proj_bias",
                                        "timm_drop",
                                        "timm_drop_path"};
constexpr const char* kTextKnown[] = {"context_length",
                                      "vocab_size",
                                      "width",
                                      "heads",
                                      "layers",
                                      "mlp_ratio",
                                      "norm_kwargs",
                                      "pad_id",
                                      "eos_id",
                                      "output_tokens",
                                      "final_ln_after_pool",
                                      "hf_tokenizer_name",
                                      "hf_model_pretrained",
                                      "hf_proj_type",
                                      "hf_pooler_type"};
constexpr const char* kModelKnown[] = {
    "embed_dim",       "vision_cfg",           "text_cfg",
    "quick_gelu",      "custom_text",          "init_logit_scale",
    "init_logit_bias", "nonscalar_logit_scale"};
constexpr const char* kNormKnown[] = {"eps"};
constexpr const char* kOpenClipAdvice =
    "use a plain CLIP checkpoint with a vision transformer";

Block read_open_clip_block(Reader& reader, const std::string& name,
                           const Dim& width, const Dim& mlp) {
  Block block;
  block.ln1 = reader.layer_norm(name + ".ln_1", width);
  block.qkv = {
      reader.take(name + ".attn.in_proj_weight", {width.times(3), width}),
      reader.take(name + ".attn.in_proj_bias", {width.times(3)})};
  block.out = reader.linear(name + ".attn.out_proj", width, width);
  block.ln2 = reader.layer_norm(name + ".ln_2", width);
  block.fc1 = reader.linear(name + ".mlp.c_fc", mlp, width);
  block.fc2 = reader.linear(name + ".mlp.c_proj", width, mlp);
  return block;
}

// Sizes, epsilon and blocks, which both towers have.
void read_transformer(Reader& reader, const Section& config,
                      const std::string& prefix, const Dim& width,
                      const Dim& heads, Tower& tower) {
  const Dim layers = config.count("layers", 12);
  const Dim mlp = mlp_width(config, width);
  set_size(tower, width, layers, heads, mlp);
  const Section norm = config.child("norm_kwargs");
  expect_known_keys(norm, kNormKnown, {}, kOpenClipAdvice);
  tower.epsilon = norm.epsilon("eps", 1e-5f);
  for (int i = 0; i < tower.layers; ++i)
    tower.blocks.push_back(read_open_clip_block(
        reader, prefix + "transformer.resblocks." + std::to_string(i), width,
        mlp));
}

VisionTower read_vision(Reader& reader, const Section& config,
                        const Section& preprocess, const Dim& embed,
                        int image_size) {
  const Json* layers = config.json()->find("layers");
  if (layers && layers->kind == Json::Kind::kArray)
    throw Error(Code::kModelUnsupported,
                config.label("layers") +
                    " is a list, so the image tower is a ResNet; only vision "
                    "transformers such as ViT-B-16-plus-240 are supported");
  expect_known_keys(config, kVisionKnown, kVisionSupported, kOpenClipAdvice);

  VisionTower tower;
  const Dim width = config.count("width", 768),
            patch = config.side("patch_size", 16);
  const Dim grid =
      set_grid(tower, config.side("image_size", 224), patch, image_size);
  const Dim head_width = config.count("head_width", 64);
  read_transformer(reader, config, "visual.", width,
                   {width.size / head_width.size, head_width.key}, tower);
  tower.patch_weight = reader.patch_weight("visual.conv1.weight", width, patch);
  tower.positions = reader.positions(
      {.rows = reader.take("visual.positional_embedding",
                           {{grid.size * grid.size + 1, grid.key}, width}),
       .class_row = reader.take("visual.class_embedding", {width}),
       .patch_bias = reader.take_if_present("visual.conv1.bias", {width})},
      tower, Bicubic::kAntialias);
  if (!config.flag("no_ln_pre", false))
    tower.ln_pre = reader.layer_norm("visual.ln_pre", width);
  tower.ln_last = reader.layer_norm("visual.ln_post", width);
  tower.projection = {reader.take("visual.proj", {width, embed}), true};
  set_normalisation(tower, preprocess, "mean", "std", kClipNormalisation);
  return tower;
}

TextTower read_text(Reader& reader, const Section& config,
                    const std::string& prefix, const Dim& embed) {
  expect_known_keys(config, kTextKnown, kTextSupported, kOpenClipAdvice);
  TextTower tower;
  const Dim width = config.count("width", 512);
  const Dim context = config.count("context_length", 77),
            vocabulary = config.count("vocab_size", 49408);
  read_transformer(reader, config, prefix, width, config.count("heads", 8),
                   tower);
  tower.context = context;
  tower.vocabulary = vocabulary;
  tower.token_embedding =
      reader.take(prefix + "token_embedding.weight", {vocabulary, width});
  tower.positions =
      reader.take(prefix + "positional_embedding", {context, width});
  tower.ln_last = reader.layer_norm(prefix + "ln_final", width);
  tower.projection = {reader.take(prefix + "text_projection", {width, embed}),
                      true};
  return tower;
}

// Tensors of the text tower begin with these, after "text." in CustomTextCLIP.
constexpr const char* kTextTensors[] = {"transformer.", "token_embedding.",
                                        "positional_embedding", "ln_final.",
                                        "text_projection"};

void expect_section(const Section& section, const Section& parent,
                    const char* key, const Safetensors& file) {
  if (!section)
    throw Error(Code::kModelMismatch, parent.label(key) + " is missing, but " +
                                          file.path() + " has that tower");
}

void read_towers(const Section& whole, const Section& settings, int image_size,
                 Reader& reader, Architecture& model) {
  const Dim embed = settings.count("embed_dim", 0);
  const Section vision = settings.child("vision_cfg");
  const Section text = settings.child("text_cfg");
  const Gelu gelu =
      settings.flag("quick_gelu", false) ? Gelu::kQuick : Gelu::kErf;
  model.embed_dim = embed;
  if (reader.has("visual.")) {
    expect_section(vision, settings, "vision_cfg", *model.file);
    model.vision = read_vision(reader, vision, whole.child("preprocess_cfg"),
                               embed, image_size);
    model.vision->gelu = gelu;
    reader.expect_all_taken("visual.");
  }

  const std::string prefix = reader.has("text.") ? "text." : "";
  bool has_text = !prefix.empty();
  for (const std::string part : kTextTensors)
    has_text = has_text || reader.has(prefix + part);
  if (!has_text) return;
  expect_section(text, settings, "text_cfg", *model.file);
  model.text = read_text(reader, text, prefix, embed);
  model.text->gelu = gelu;
  for (const std::string part : kTextTensors)
    reader.expect_all_taken(prefix + part);
  // text.attn_mask is a buffer of older versions.
  if (!prefix.empty()) reader.expect_all_taken(prefix, {"text.attn_mask"});
}

void read_open_clip(const LayoutConfig& files, Reader& reader,
                    Architecture& model) {
  const Section settings = files.config.child("model_cfg");
  if (!settings)
    throw Error(Code::kModelMismatch,
                files.config.label("model_cfg") + " is missing");
  expect_known_keys(settings, kModelKnown, {}, kOpenClipAdvice);
  read_towers(files.config, settings, files.image_size, reader, model);
}

}  // namespace

extern const Layout kOpenClip;
const Layout kOpenClip = {
    .name = "open_clip",
    .config_file = "open_clip_config.json",
    .weights_file = "open_clip_model.safetensors",
    .preprocessor_file = nullptr,
    .models = "CLIP of open_clip",
    .configs = "a model_cfg",
    .matches = [](const Section&) { return true; },
    .read = read_open_clip,
};

}  // namespace alfa
