#include <algorithm>
#include <fstream>
#include <new>
#include <vector>

#include "checkpoint/architecture.h"
#include "checkpoint/json.h"
#include "checkpoint/pickle.h"
#include "checkpoint/quote.h"
#include "checkpoint/sha256.h"
#include "error.h"
#include "runtime/path.h"

namespace alfa {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLongestConfig = 16 << 20;

struct Layout {
  const char *config, *weights;
};

constexpr Layout kOpenClip = {"open_clip_config.json",
                              "open_clip_model.safetensors"};
constexpr Layout kHub = {
    "config.json",
    "model.safetensors"};  // transformers and timm, told apart by the config
constexpr const char* kPreprocessor = "preprocessor_config.json";

std::string utf8(const fs::path& path) {
  const std::u8string text = path.u8string();
  return std::string(reinterpret_cast<const char*>(text.data()), text.size());
}

bool present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string read_config(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error(Code::kModelNotFound, utf8(path) + ": expected a file");
  if (fs::file_size(path, error) > kLongestConfig || error)
    throw Error(Code::kModelCorrupt,
                utf8(path) + ": too large for a config, or cannot be read");
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)),
                   std::istreambuf_iterator<char>());
  if (!in) throw Error(Code::kModelNotFound, utf8(path) + ": cannot be read");
  return text;
}

Json parse_config(const std::string& text, const fs::path& path) {
  Json config = Json::parse(text, utf8(path));
  if (config.kind != Json::Kind::kObject)
    throw Error(Code::kModelCorrupt, utf8(path) + ": expected a JSON object");
  return config;
}

// The config counts too: the same weights under another activation or mean give
// other numbers. Of the weights, both ends of every tensor, so that a model
// fine-tuned in one layer only is told from its parent.
std::string fingerprint(const Safetensors& file, const std::string& config,
                        const std::string& preprocessor,
                        const std::optional<VisionTower>& vision) {
  constexpr size_t kSample = 1024;
  Sha256 digest;
  for (std::string_view part : {file.header(), std::string_view(config),
                                std::string_view(preprocessor)}) {
    digest.add(part.size());
    digest.add(part.data(), part.size());
  }
  digest.add(file.size());
  for (const auto& [name, tensor] : file.tensors()) {
    const size_t sample = std::min(kSample, tensor.bytes);
    digest.add(tensor.data, sample);
    digest.add(tensor.data + tensor.bytes - sample, sample);
  }
  if (vision && vision->image_size != vision->config_image_size)
    digest.add(static_cast<uint64_t>(vision->image_size));
  return digest.hex();
}

// Tells what the directory lacks, looking at what people usually have in its
// place.
[[noreturn]] void fail_incomplete(const fs::path& directory) {
  for (const Layout& layout : {kOpenClip, kHub}) {
    const std::string index = std::string(layout.weights) + ".index.json";
    if (present(directory / index))
      throw Error(Code::kModelUnsupported,
                  utf8(directory / index) +
                      ": the weights are split over several files, which is "
                      "not supported; save "
                      "them as one, in Python: model.save_pretrained(folder, "
                      "max_shard_size=\"100GB\")");
  }
  const bool open_clip = present(directory / kOpenClip.config);
  const Layout& wanted =
      open_clip || !present(directory / kHub.config) ? kOpenClip : kHub;
  const fs::path weights = directory / wanted.weights;
  if (!present(weights)) {
    std::vector<std::string> pickles;
    std::error_code error;
    for (fs::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error))
      if (has_pickle_name(utf8(at->path().filename())))
        pickles.push_back(utf8(at->path()));
    std::sort(pickles.begin(), pickles.end());
    if (!pickles.empty())
      throw Error(Code::kModelUnsupported,
                  utf8(weights) + " is missing, and " + in_quotes(pickles[0]) +
                      " is a PyTorch pickle, which is not read. " +
                      conversion_hint(pickles[0], utf8(weights)));
  }
  throw Error(Code::kModelNotFound,
              utf8(directory) + ": " +
                  (present(weights) ? wanted.config : wanted.weights) +
                  " is missing; expected open_clip_config.json and "
                  "open_clip_model.safetensors, or config.json and "
                  "model.safetensors of a Hugging Face CLIP or DINOv2 model or "
                  "of a timm vision transformer");
}

Architecture read_hub(const Json& config, const Json* preprocessor,
                      std::shared_ptr<Safetensors> file, int image_size,
                      const std::string& config_path) {
  const std::string type = config.string_or("model_type", "", config_path);
  if (type.starts_with("clip"))
    return read_huggingface(config, preprocessor, std::move(file), image_size);
  if (type.starts_with("dinov2"))
    return read_dinov2(config, preprocessor, std::move(file), image_size);
  if (type.empty() &&
      (config.find("architecture") || config.find("pretrained_cfg")))
    return read_timm(config, std::move(file), image_size);
  throw Error(Code::kModelUnsupported,
              config_path +
                  (type.empty() ? ": has no model_type"
                                : ": model_type is " + in_quotes(type)) +
                  "; supported are transformers' models of model_type 'clip', "
                  "'clip_vision_model', 'clip_text_model', "
                  "'dinov2' and 'dinov2_with_registers', and timm's vision "
                  "transformers, whose config names an "
                  "'architecture'");
}

Architecture open(const fs::path& directory, int image_size) {
  std::error_code error;
  if (!fs::is_directory(directory, error))
    throw Error(Code::kModelNotFound,
                (directory.empty() ? "''" : utf8(directory)) +
                    (fs::exists(directory, error)
                         ? ": expected a checkpoint's directory, found a file"
                         : ": no such directory"));
  const auto complete = [&](const Layout& layout) {
    return present(directory / layout.config) &&
           present(directory / layout.weights);
  };
  const bool open_clip = complete(kOpenClip);
  if (!open_clip && !complete(kHub)) fail_incomplete(directory);
  const Layout& layout = open_clip ? kOpenClip : kHub;

  const fs::path config_path = directory / layout.config,
                 preprocessor_path = directory / kPreprocessor;
  const std::string config_text = read_config(config_path);
  const Json config = parse_config(config_text, config_path);
  std::string preprocessor_text;
  Json preprocessor;
  if (!open_clip && present(preprocessor_path)) {
    preprocessor_text = read_config(preprocessor_path);
    preprocessor = parse_config(preprocessor_text, preprocessor_path);
  }

  const auto file =
      std::make_shared<Safetensors>(utf8(directory / layout.weights));
  Architecture model =
      open_clip ? read_open_clip(config, file, image_size)
                : read_hub(config,
                           preprocessor_text.empty() ? nullptr : &preprocessor,
                           file, image_size, utf8(config_path));
  if (!model.vision && !model.text)
    throw Error(Code::kModelMismatch,
                file->path() + ": holds neither tower of the CLIP model that " +
                    utf8(config_path) + " describes; do they belong together?");
  if (image_size && !model.vision)
    throw Error(Code::kModelUnsupported,
                file->path() + ": an imageSize of " +
                    std::to_string(image_size) +
                    " was asked for, but this model has no image tower; leave "
                    "imageSize out");
  model.hash = fingerprint(*file, config_text, preprocessor_text, model.vision);
  model.weight_bytes = file->size();
  return model;
}

}  // namespace

Architecture open_checkpoint(const std::string& directory, int image_size) {
  try {
    return open(path_of(directory), image_size);
  } catch (const std::bad_alloc&) {
    throw Error(Code::kMemory,
                directory + ": not enough memory to open the checkpoint");
  }
}

}  // namespace alfa
