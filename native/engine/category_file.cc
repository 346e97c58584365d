// A saved category: magic, version, then sections, then the SHA-256 of all
// that, little-endian. The header is the host's own text (JSON); the bank's key
// is written in full, so that a category is refused by whatever it does not
// fit.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "checkpoint/sha256.h"
#include "engine/features/bank.h"
#include "engine/state.h"
#include "runtime/path.h"

namespace alfa {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'A', 'L', 'F', 'A', 'C', 'A', 'T', '\0'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHashChars = 64;

class Out {
 public:
  Out(std::ofstream& file) : file_(file) {}
  void bytes(const void* data, size_t size) {
    file_.write(static_cast<const char*>(data),
                static_cast<std::streamsize>(size));
    digest_.add(data, size);
  }
  void number(uint64_t v) { bytes(&v, sizeof v); }
  void text(const std::string& s) {
    number(s.size());
    bytes(s.data(), s.size());
  }
  void floats(const std::vector<float>& v) {
    number(v.size());
    bytes(v.data(), v.size() * sizeof(float));
  }
  void ints(const std::vector<int>& v) {
    number(v.size());
    for (const int i : v) number(static_cast<uint64_t>(i));
  }
  void seal() {
    const std::string hex = digest_.hex();
    file_.write(hex.data(), static_cast<std::streamsize>(hex.size()));
  }

 private:
  std::ofstream& file_;
  Sha256 digest_;
};

class In {
 public:
  In(std::string path, const std::string& data)
      : path_(std::move(path)),
        at_(data.data()),
        end_(data.data() + data.size()) {}
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(Code::kCategoryFile,
                path_ + " " + what + "; save the category again.");
  }
  const char* bytes(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_))
      fail("is cut short or damaged");
    const char* here = at_;
    at_ += size;
    return here;
  }
  uint64_t number() {
    uint64_t v;
    std::memcpy(&v, bytes(sizeof v), sizeof v);
    return v;
  }
  int integer() {
    const uint64_t v = number();
    if (v > 1u << 30) fail("is damaged");
    return static_cast<int>(v);
  }
  std::string text() {
    const uint64_t size = number();
    return {bytes(size), static_cast<size_t>(size)};
  }
  std::vector<float> floats() {
    const uint64_t count = number();
    if (count > static_cast<uint64_t>(end_ - at_) / sizeof(float))
      fail("is cut short or damaged");
    std::vector<float> v(static_cast<size_t>(count));
    if (count)
      std::memcpy(v.data(), bytes(count * sizeof(float)),
                  v.size() * sizeof(float));
    for (const float f : v)
      if (!std::isfinite(f))
        fail("holds embeddings that are not finite numbers");
    return v;
  }
  std::vector<int> ints() {
    const uint64_t count = number();
    if (count > static_cast<uint64_t>(end_ - at_) / sizeof(uint64_t))
      fail("is cut short or damaged");
    std::vector<int> v;
    for (uint64_t i = 0; i < count; ++i) v.push_back(integer());
    return v;
  }
  bool done() const { return at_ == end_; }

 private:
  std::string path_;
  const char *at_, *end_;
};

void write_bank(Out& out, const Bank& bank) {
  const BankKey& k = bank.key;
  out.ints(k.features.layers);
  out.ints(k.features.neighbourhoods);
  for (const uint64_t flag :
       {uint64_t{k.features.join}, uint64_t{k.features.standardise},
        uint64_t{k.features.windows}})
    out.number(flag);
  out.ints(k.scales);
  out.number(static_cast<uint64_t>(k.mask));
  out.number(static_cast<uint64_t>(k.fit));
  out.number(static_cast<uint64_t>(k.tile.size));
  out.number(static_cast<uint64_t>(k.tile.overlap));
  out.number(static_cast<uint64_t>(bank.images));
  out.number(bank.levels.size());
  for (const auto& level : bank.levels) {
    out.number(static_cast<uint64_t>(level.width));
    std::vector<float> rows(static_cast<size_t>(level.count) * level.width);
    for (int r = 0; r < level.count; ++r)
      kernels::unpack_row(level, r,
                          rows.data() + static_cast<size_t>(r) * level.width);
    out.floats(rows);
  }
}

// Widths are held against the open model, so that no row can be read past its
// end.
std::shared_ptr<const Bank> read_bank(In& in, const std::string& model,
                                      const Info& info, int tower_width) {
  auto bank = std::make_shared<Bank>();
  BankKey& k = bank->key;
  k.model = model;
  k.features.layers = in.ints();
  k.features.neighbourhoods = in.ints();
  k.features.join = in.integer() != 0;
  k.features.standardise = in.integer() != 0;
  k.features.windows = in.integer() != 0;
  k.scales = in.ints();
  k.mask = in.integer() == 0 ? Mask::kDrop : Mask::kZero;
  k.fit = in.integer() == 0 ? Fit::kSquash : Fit::kCrop;
  k.tile.size = in.integer();
  k.tile.overlap = in.integer();
  bank->images = in.integer();
  const size_t patch =
      k.features.neighbourhoods.size() *
      (k.features.join ? std::min<size_t>(1, k.features.layers.size())
                       : k.features.layers.size());
  if (in.number() != patch + k.scales.size())
    in.fail("is damaged: its bank's levels do not fit its settings");
  for (size_t l = 0; l < patch + k.scales.size(); ++l) {
    const int width = in.integer();
    const int expected =
        l >= patch
            ? info.embed_dim
            : tower_width * (k.features.join
                                 ? static_cast<int>(k.features.layers.size())
                                 : 1);
    const auto rows = in.floats();
    if (width != expected || rows.empty() ||
        rows.size() % static_cast<size_t>(width) != 0)
      in.fail("is damaged: a bank's rows are not of the model's width");
    bank->levels.push_back(kernels::pack_rows(
        rows.data(), static_cast<int>(rows.size() / static_cast<size_t>(width)),
        width));
  }
  return bank;
}

}  // namespace

void Engine::save_category(const Category& category, const std::string& header,
                           const std::string& path) const {
  const fs::path file = path_of(path);
  fs::path part = file;
  part +=
      std::to_string(std::random_device{}()).insert(0, 1, '.').append(".part");
  std::error_code error;
  try {
    std::ofstream stream(part, std::ios::binary);
    stream.write(kMagic, sizeof kMagic);
    Out out(stream);
    out.number(kVersion);
    out.text(category.model);
    out.text(header);
    for (const auto& side : category.prompts) out.floats(side);
    out.floats(category.descriptors);
    out.number(category.bank ? 1 : 0);
    if (category.bank) write_bank(out, *category.bank);
    out.seal();
    stream.close();
    if (!stream)
      throw Error(Code::kWrite, path +
                                    " cannot be written; give a file in a "
                                    "folder that exists and has room.");
    fs::rename(part, file, error);
    if (error)
      throw Error(Code::kWrite,
                  path + " cannot be written (" + error.message() + ").");
  } catch (...) {
    fs::remove(part, error);
    throw;
  }
}

Engine::SavedCategory Engine::load_category(const std::string& path) const {
  std::error_code error;
  const fs::path file = path_of(path);
  if (!fs::is_regular_file(file, error))
    throw Error(Code::kCategoryFile,
                path + " is no file; give one that category.save wrote.");
  std::ifstream stream(file, std::ios::binary);
  const std::string data((std::istreambuf_iterator<char>(stream)),
                         std::istreambuf_iterator<char>());
  if (data.size() < sizeof kMagic + kHashChars + 8 ||
      std::memcmp(data.data(), kMagic, sizeof kMagic) != 0)
    throw Error(
        Code::kCategoryFile,
        path + " is no saved category; give a file that category.save wrote.");
  const std::string body =
      data.substr(sizeof kMagic, data.size() - sizeof kMagic - kHashChars);
  Sha256 digest;
  digest.add(body.data(), body.size());
  In in(path, body);
  const uint64_t version = in.number();
  if (version != kVersion)
    throw Error(Code::kCategoryFile,
                path + " is of version " + std::to_string(version) +
                    ", and this alfa-vad reads " + std::to_string(kVersion) +
                    "; save the category again.");
  if (data.compare(data.size() - kHashChars, kHashChars, digest.hex()) != 0)
    in.fail("is cut short or damaged");
  const std::string model = in.text();
  if (model != state_->info.hash)
    throw Error(Code::kModelMismatch,
                path + " was saved with another model (" + model.substr(0, 12) +
                    ") than the one that is open (" +
                    state_->info.hash.substr(0, 12) +
                    "); open that model, or make the category again.");
  SavedCategory stored;
  stored.header = in.text();
  for (auto& side : stored.prompts) side = in.floats();
  stored.descriptors = in.floats();
  if (in.number() == 1)
    stored.bank = read_bank(in, model, state_->info, state_->vision().width);
  if (!in.done()) in.fail("is damaged");
  return stored;
}

}  // namespace alfa
