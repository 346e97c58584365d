// A saved category. All numbers are little-endian.
// - 8 bytes: "ALFACAT\0"
// - the body: the version, the model's hash, the host's header (any text), the
//   prompts, the descriptors, and the memory bank with its key
// - 64 characters: the SHA-256 of the body, in hexadecimal
// In the body, numbers have 8 bytes. Texts and arrays start with their length.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "checkpoint/sha256.h"
#include "engine/features/bank.h"
#include "engine/state.h"
#include "runtime/path.h"

namespace alfa {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'A', 'L', 'F', 'A', 'C', 'A', 'T', '\0'};
constexpr uint64_t kVersion = 1;
constexpr size_t kHashChars = 64;

class Writer {
 public:
  explicit Writer(std::ofstream& file) : file_(file) {}

  void number(uint64_t v) { bytes(&v, sizeof v); }
  void integer(int v) { number(static_cast<uint64_t>(v)); }
  void text(const std::string& s) {
    number(s.size());
    bytes(s.data(), s.size());
  }
  void floats(const std::vector<float>& v) {
    number(v.size());
    bytes(v.data(), v.size() * sizeof(float));
  }
  void integers(const std::vector<int>& v) {
    number(v.size());
    for (const int i : v) integer(i);
  }
  void finish() {
    const std::string hash = digest_.hex();
    file_.write(hash.data(), static_cast<std::streamsize>(hash.size()));
  }

 private:
  void bytes(const void* data, size_t size) {
    file_.write(static_cast<const char*>(data),
                static_cast<std::streamsize>(size));
    digest_.add(data, size);
  }

  std::ofstream& file_;
  Sha256 digest_;
};

// Throws Error(kCategoryFile) if the data do not have the expected form.
class Reader {
 public:
  // Borrows the data.
  Reader(std::string path, std::string_view data)
      : path_(std::move(path)), rest_(data) {}

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(Code::kCategoryFile,
                path_ + " " + problem + ". Save the category again.");
  }
  uint64_t number() {
    uint64_t v;
    std::memcpy(&v, bytes(sizeof v).data(), sizeof v);
    return v;
  }
  int integer() {
    const uint64_t v = number();
    if (v > 1u << 30) fail("is damaged");
    return static_cast<int>(v);
  }
  std::string text() { return std::string(bytes(number())); }
  std::vector<float> floats() {
    const size_t count = length(sizeof(float));
    std::vector<float> v(count);
    const std::string_view data = bytes(count * sizeof(float));
    if (count > 0) std::memcpy(v.data(), data.data(), data.size());
    for (const float f : v)
      if (!std::isfinite(f))
        fail("is damaged: it has embeddings that are not finite numbers");
    return v;
  }
  std::vector<int> integers() {
    std::vector<int> v(length(sizeof(uint64_t)));
    for (int& i : v) i = integer();
    return v;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view bytes(uint64_t size) {
    if (size > rest_.size()) fail("is incomplete or damaged");
    const std::string_view read = rest_.substr(0, static_cast<size_t>(size));
    rest_.remove_prefix(static_cast<size_t>(size));
    return read;
  }
  // The length of an array. Checked first, so that a damaged file does not
  // allocate more than its own size.
  size_t length(size_t item_bytes) {
    const uint64_t count = number();
    if (count > rest_.size() / item_bytes) fail("is incomplete or damaged");
    return static_cast<size_t>(count);
  }

  std::string path_;
  std::string_view rest_;
};

void write_bank(Writer& out, const Bank& bank) {
  const BankKey& key = bank.key;
  out.integers(key.features.layers);
  out.integers(key.features.neighbourhoods);
  out.integer(key.features.join);
  out.integer(key.features.standardise);
  out.integer(key.features.windows);
  out.integers(key.scales);
  out.integer(static_cast<int>(key.mask));
  out.integer(static_cast<int>(key.fit));
  out.integer(key.tile.size);
  out.integer(key.tile.overlap);
  out.integer(bank.images);
  out.number(bank.levels.size());
  for (const kernels::PackedRows& level : bank.levels) {
    const size_t width = static_cast<size_t>(level.width);
    std::vector<float> rows(static_cast<size_t>(level.count) * width);
    for (int r = 0; r < level.count; ++r)
      kernels::unpack_row(level, r,
                          rows.data() + static_cast<size_t>(r) * width);
    out.integer(level.width);
    out.floats(rows);
  }
}

BankKey read_key(Reader& in, const std::string& model) {
  BankKey key;
  key.model = model;
  key.features.layers = in.integers();
  key.features.neighbourhoods = in.integers();
  key.features.join = in.integer() != 0;
  key.features.standardise = in.integer() != 0;
  key.features.windows = in.integer() != 0;
  key.scales = in.integers();
  key.mask = in.integer() == 0 ? Mask::kDrop : Mask::kZero;
  key.fit = in.integer() == 0 ? Fit::kSquash : Fit::kCrop;
  key.tile.size = in.integer();
  key.tile.overlap = in.integer();
  return key;
}

kernels::PackedRows read_level(Reader& in, size_t expected_width) {
  const size_t width = static_cast<size_t>(in.integer());
  const std::vector<float> rows = in.floats();
  // Kernels read whole rows of the model's width.
  if (width != expected_width || rows.empty() || rows.size() % width != 0)
    in.fail("is damaged: the rows of its memory bank do not fit the model");
  return kernels::pack_rows(rows.data(), static_cast<int>(rows.size() / width),
                            static_cast<int>(width));
}

std::shared_ptr<const Bank> read_bank(Reader& in, const std::string& model,
                                      int embed_dim, int tower_width) {
  auto bank = std::make_shared<Bank>();
  bank->key = read_key(in, model);
  bank->images = in.integer();
  const FeatureSettings& f = bank->key.features;
  // A joined level has the rows of all layers side by side.
  const size_t layers =
      f.join ? std::min<size_t>(1, f.layers.size()) : f.layers.size();
  const size_t joined = f.join ? f.layers.size() : 1;
  const size_t patch_levels = f.neighbourhoods.size() * layers;
  const size_t levels = patch_levels + bank->key.scales.size();
  if (in.number() != levels)
    in.fail(
        "is damaged: the levels of its memory bank do not fit its settings");
  for (size_t l = 0; l < levels; ++l)
    bank->levels.push_back(read_level(
        in, l < patch_levels ? static_cast<size_t>(tower_width) * joined
                             : static_cast<size_t>(embed_dim)));
  return bank;
}

std::string read_file(const std::string& path) {
  const fs::path file = path_of(path);
  std::error_code error;
  if (!fs::is_regular_file(file, error))
    throw Error(Code::kCategoryFile,
                path + " is not a file. Give a file that category.save wrote.");
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream),
          std::istreambuf_iterator<char>()};
}

}  // namespace

void Engine::save_category(const Category& category, const std::string& header,
                           const std::string& path) const {
  std::ofstream stream(path_of(path), std::ios::binary);
  stream.write(kMagic, sizeof kMagic);
  Writer out(stream);
  out.number(kVersion);
  out.text(category.model);
  out.text(header);
  for (const auto& side : category.prompts) out.floats(side);
  out.floats(category.descriptors);
  out.integer(category.bank ? 1 : 0);
  if (category.bank) write_bank(out, *category.bank);
  out.finish();
  stream.close();
  if (!stream)
    throw Error(Code::kWrite,
                "the file cannot be created, or the disk is full.");
}

Engine::SavedCategory Engine::load_category(const std::string& path) const {
  const std::string data = read_file(path);
  if (data.size() < sizeof kMagic + sizeof kVersion + kHashChars ||
      std::memcmp(data.data(), kMagic, sizeof kMagic) != 0)
    throw Error(Code::kCategoryFile, path +
                                         " is not a saved category. Give a "
                                         "file that category.save wrote.");
  std::string_view body(data);
  body.remove_prefix(sizeof kMagic);
  const std::string_view hash = body.substr(body.size() - kHashChars);
  body.remove_suffix(kHashChars);
  Reader in(path, body);
  // Before the hash, since later versions may have another one.
  const uint64_t version = in.number();
  if (version != kVersion)
    throw Error(Code::kCategoryFile,
                path + " has version " + std::to_string(version) +
                    ", but this alfa-vad reads version " +
                    std::to_string(kVersion) + ". Save the category again.");
  Sha256 digest;
  digest.add(body.data(), body.size());
  if (hash != digest.hex()) in.fail("is incomplete or damaged");
  const std::string model = in.text();
  if (model != state_->info.hash)
    throw Error(Code::kModelMismatch,
                path + " was saved with another model (" + model.substr(0, 12) +
                    ") than the open one (" + state_->info.hash.substr(0, 12) +
                    "). Open that model, or create the category again.");
  SavedCategory saved;
  saved.header = in.text();
  for (auto& side : saved.prompts) side = in.floats();
  saved.descriptors = in.floats();
  if (in.number() == 1)
    saved.bank =
        read_bank(in, model, state_->info.embed_dim, state_->vision().width);
  if (!in.at_end()) in.fail("is damaged");
  return saved;
}

}  // namespace alfa
