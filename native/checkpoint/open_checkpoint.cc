#include "checkpoint/open_checkpoint.h"

#include <algorithm>
#include <fstream>
#include <new>
#include <vector>

#include "checkpoint/fingerprint.h"
#include "checkpoint/json.h"
#include "checkpoint/layout.h"
#include "checkpoint/pickle.h"
#include "checkpoint/quote.h"
#include "error.h"
#include "runtime/path.h"

namespace alfa {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLongestConfig = 16 << 20;

std::string utf8(const fs::path& path) {
  const std::u8string text = path.u8string();
  return std::string(reinterpret_cast<const char*>(text.data()), text.size());
}

bool is_present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// A JSON file of the checkpoint, as text and parsed.
struct ConfigFile {
  std::string path, text;
  Json json;
};

std::string read_text(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw Error(Code::kModelNotFound, utf8(path) + ": expected a file");
  if (fs::file_size(path, error) > kLongestConfig || error)
    throw Error(Code::kModelCorrupt,
                utf8(path) + ": cannot be read, or is larger than 16 MiB");
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)),
                   std::istreambuf_iterator<char>());
  if (!in) throw Error(Code::kModelNotFound, utf8(path) + ": cannot be read");
  return text;
}

// Editors on Windows write a byte order mark.
std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.substr(0, kMark.size()) == kMark) text.remove_prefix(kMark.size());
  return text;
}

ConfigFile read_config(const fs::path& path) {
  ConfigFile file{utf8(path), read_text(path), {}};
  file.json = Json::parse(without_mark(file.text), file.path);
  if (file.json.kind != Json::Kind::kObject)
    throw Error(Code::kModelCorrupt, file.path + ": expected a JSON object");
  return file;
}

// The first layout whose config and weights are in the folder, or null. Layouts
// with the same file names are distinguished by the config later.
const Layout* find_files(const fs::path& folder) {
  for (const Layout* layout : layouts())
    if (is_present(folder / layout->config_file) &&
        is_present(folder / layout->weights_file))
      return layout;
  return nullptr;
}

std::vector<std::string> pickles_in(const fs::path& folder) {
  std::vector<std::string> pickles;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (has_pickle_name(utf8(at->path().filename())))
      pickles.push_back(utf8(at->path()));
  std::sort(pickles.begin(), pickles.end());
  return pickles;
}

// "a.json and a.safetensors, or b.json and b.safetensors"
std::string expected_files() {
  std::string text;
  for (const Layout* layout : layouts()) {
    const std::string files =
        std::string(layout->config_file) + " and " + layout->weights_file;
    if (text.find(files) != std::string::npos) continue;
    if (!text.empty()) text += ", or ";
    text += files;
  }
  return text;
}

std::string supported_models() {
  std::string text;
  for (const Layout* layout : layouts()) {
    if (!text.empty()) text += ", ";
    text += layout->models;
  }
  return text;
}

[[noreturn]] void fail_missing_weights(const fs::path& folder,
                                       const Layout& layout) {
  const std::string weights = utf8(folder / layout.weights_file);
  const std::vector<std::string> pickles = pickles_in(folder);
  if (!pickles.empty())
    throw Error(Code::kModelUnsupported,
                weights + " is missing. " + in_quotes(pickles[0]) +
                    " is a PyTorch pickle, which is not supported. " +
                    conversion_hint(pickles[0], weights));
  throw Error(Code::kModelNotFound,
              utf8(folder) + ": " + layout.weights_file +
                  " is missing; expected " + expected_files() +
                  ". Supported models: " + supported_models());
}

// Throws an error for a folder that lacks the files of every layout. The
// message depends on the files that are there.
[[noreturn]] void fail_incomplete(const fs::path& folder) {
  for (const Layout* layout : layouts()) {
    const fs::path index =
        folder / (std::string(layout->weights_file) + ".index.json");
    if (is_present(index))
      throw Error(
          Code::kModelUnsupported,
          utf8(index) +
              ": weights in several files are not supported. Save them "
              "in one file, in Python: "
              "model.save_pretrained(folder, max_shard_size=\"100GB\")");
  }
  const auto all = layouts();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Layout* l) {
    return is_present(folder / l->config_file);
  });
  const Layout& layout = found == all.end() ? *all.front() : **found;
  if (!is_present(folder / layout.weights_file))
    fail_missing_weights(folder, layout);
  throw Error(Code::kModelNotFound, utf8(folder) + ": " + layout.config_file +
                                        " is missing; expected " +
                                        expected_files());
}

// The layout with the file names of `files` that matches the config.
const Layout& match_layout(const Layout& files, const Section& config,
                           const std::string& path) {
  std::string expected;
  for (const Layout* layout : layouts()) {
    if (std::string_view(layout->config_file) != files.config_file) continue;
    if (layout->matches(config)) return *layout;
    if (!expected.empty()) expected += ", or ";
    expected += layout->configs;
  }
  const std::string type = config.text("model_type", "");
  throw Error(Code::kModelUnsupported,
              path + ": " +
                  (type.empty() ? "model_type is missing"
                                : "model_type is " + in_quotes(type)) +
                  ", which is not supported; expected " + expected);
}

void expect_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  throw Error(Code::kModelNotFound,
              (folder.empty() ? "''" : utf8(folder)) +
                  (fs::exists(folder, error)
                       ? ": expected a checkpoint folder, but this is a file"
                       : ": no such folder"));
}

Architecture open(const fs::path& folder, int image_size) {
  expect_folder(folder);
  const Layout* files = find_files(folder);
  if (!files) fail_incomplete(folder);
  const ConfigFile config = read_config(folder / files->config_file);
  const Section section(&config.json, "", files->config_file);
  std::optional<ConfigFile> preprocessor;
  if (files->preprocessor_file && is_present(folder / files->preprocessor_file))
    preprocessor = read_config(folder / files->preprocessor_file);

  Architecture model;
  model.file =
      std::make_shared<Safetensors>(utf8(folder / files->weights_file));
  const Layout& layout = match_layout(*files, section, config.path);
  model.layout = layout.name;
  Reader reader(model, layout.config_file);
  layout.read(
      {section, preprocessor ? &preprocessor->json : nullptr, image_size},
      reader, model);

  const std::string& weights = model.file->path();
  if (!model.vision && !model.text)
    throw Error(Code::kModelMismatch,
                weights + ": has neither tower of the model that " +
                    config.path +
                    " describes; check that they belong together");
  if (image_size && !model.vision)
    throw Error(Code::kModelUnsupported,
                weights + ": imageSize is " + std::to_string(image_size) +
                    ", but this model has no image tower; leave imageSize out");
  model.hash =
      fingerprint(*model.file, config.text,
                  preprocessor ? preprocessor->text : "", model.vision);
  model.weight_bytes = model.file->size();
  return model;
}

}  // namespace

Architecture open_checkpoint(const std::string& folder, int image_size) {
  try {
    return open(path_of(folder), image_size);
  } catch (const std::bad_alloc&) {
    throw Error(Code::kMemory,
                folder + ": not enough memory to open the checkpoint");
  }
}

}  // namespace alfa
