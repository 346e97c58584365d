#include "checkpoint/safetensors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "checkpoint/json.h"
#include "checkpoint/pickle.h"
#include "checkpoint/quote.h"
#include "error.h"

namespace alfa {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100000000;  // the format's own limit

struct Format {
  const char* name;
  DType dtype;
  uint64_t bytes;
};

// Every dtype whose elements are whole bytes. Sizes are checked for dtypes that
// are never read, too.
constexpr Format kFormats[] = {
    {"F32", DType::kF32, 4},       {"F16", DType::kF16, 2},
    {"BF16", DType::kBF16, 2},     {"F64", DType::kF64, 8},
    {"I64", DType::kI64, 8},       {"I32", DType::kI32, 4},
    {"U8", DType::kU8, 1},         {"I8", DType::kOther, 1},
    {"BOOL", DType::kOther, 1},    {"I16", DType::kOther, 2},
    {"U16", DType::kOther, 2},     {"U32", DType::kOther, 4},
    {"U64", DType::kOther, 8},     {"F8_E4M3", DType::kOther, 1},
    {"F8_E5M2", DType::kOther, 1}, {"F8_E8M0", DType::kOther, 1},
    {"C64", DType::kOther, 8},
};

struct Extent {
  uint64_t begin = 0, end = 0;  // within the bytes after the header
  std::string_view name;
};

[[noreturn]] void corrupt(const std::string& path, const std::string& message) {
  throw Error(Code::kModelCorrupt,
              path + ": " + message + ". Download or convert the file again");
}

// The message depends on what the file is instead.
[[noreturn]] void fail_not_safetensors(const std::string& path,
                                       std::string_view bytes) {
  if (has_pickle_bytes(bytes))
    throw Error(Code::kModelUnsupported,
                path +
                    ": its first bytes are those of a PyTorch pickle, not of "
                    "safetensors. " +
                    conversion_hint(path, path));
  if (bytes.substr(0, 19) == "version https://git")
    corrupt(path,
            "this is a Git LFS pointer; download the weights with "
            "'git lfs pull'");
  corrupt(path,
          "not a safetensors file; expected 8 bytes of header length and "
          "then '{'");
}

std::string_view read_header(const std::string& path, const MappedFile& file) {
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()),
                               file.size());
  if (bytes.empty()) corrupt(path, "the file is empty");
  if (bytes.size() <= kLengthBytes || bytes[kLengthBytes] != '{')
    fail_not_safetensors(path, bytes);
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) length = length << 8 | file.data()[i];
  if (length > kLongestHeader)
    corrupt(path, "the header length is " + std::to_string(length) +
                      " bytes; the format allows at most " +
                      std::to_string(kLongestHeader));
  if (length > bytes.size() - kLengthBytes)
    corrupt(path, "the header length is " + std::to_string(length) +
                      " bytes, but the file has only " +
                      std::to_string(bytes.size() - kLengthBytes) +
                      " after it; the file is truncated");
  return bytes.substr(kLengthBytes, length);
}

// False if the value is not a number, negative, fractional or too large to be
// exact.
bool to_count(const Json& value, uint64_t& count) {
  if (value.kind != Json::Kind::kNumber || !(value.number >= 0) ||
      value.number > 0x1p53)
    return false;
  count = static_cast<uint64_t>(value.number);
  return static_cast<double>(count) == value.number;
}

class Entry {
 public:
  Entry(const std::string& path, const std::string& name, const Json& json)
      : path_(path), name_(name), json_(json) {}

  Tensor read(std::string_view buffer, Extent& extent) const {
    Tensor tensor;
    tensor.name = name_;
    const Json& dtype = member("dtype", Json::Kind::kString, "a string");
    tensor.dtype_name = dtype.string;
    const Json& offsets = member("data_offsets", Json::Kind::kArray, "a list");
    if (offsets.array.size() != 2 ||
        !to_count(offsets.array[0], extent.begin) ||
        !to_count(offsets.array[1], extent.end))
      fail("data_offsets must be two byte offsets");
    if (extent.begin > extent.end || extent.end > buffer.size())
      fail("data_offsets [" + std::to_string(extent.begin) + ", " +
           std::to_string(extent.end) + "] are not in order within the " +
           std::to_string(buffer.size()) +
           " bytes after the header; the file is truncated or damaged");
    tensor.data =
        reinterpret_cast<const uint8_t*>(buffer.data()) + extent.begin;
    tensor.bytes = static_cast<size_t>(extent.end - extent.begin);

    const uint64_t elements = read_shape(tensor);
    for (const Format& format : kFormats)
      if (tensor.dtype_name == format.name) {
        tensor.dtype = format.dtype;
        if (elements != tensor.bytes / format.bytes ||
            tensor.bytes % format.bytes != 0)
          fail("shape " + shape_text(tensor.shape) + " of " + format.name +
               " does not fit its " + std::to_string(tensor.bytes) + " bytes");
      }
    return tensor;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    corrupt(path_, "tensor " + in_quotes(name_) + ": " + message);
  }

  const Json& member(const char* key, Json::Kind kind,
                     const char* kind_name) const {
    const Json* value = json_.find(key);
    if (!value || value->kind != kind)
      fail(std::string(key) + " must be " + kind_name);
    return *value;
  }

  uint64_t read_shape(Tensor& tensor) const {
    uint64_t elements = 1;
    for (const Json& dimension :
         member("shape", Json::Kind::kArray, "a list").array) {
      uint64_t size = 0;
      if (!to_count(dimension, size))
        fail("shape must be a list of integers from 0");
      if (size != 0 && elements > std::numeric_limits<uint64_t>::max() / size)
        fail("shape overflows 64 bits");
      elements *= size;
      tensor.shape.push_back(static_cast<int64_t>(size));
    }
    return elements;
  }

  const std::string& path_;
  const std::string& name_;
  const Json& json_;
};

// The format requires that the tensors cover all bytes after the header, so
// that a file cannot carry hidden data.
void check_cover(const std::string& path, std::vector<Extent>& extents,
                 size_t buffer_bytes) {
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) {
              return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
            });
  uint64_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin < covered)
      corrupt(path, "tensor " + in_quotes(extent.name) +
                        " overlaps the tensor before it: it begins at byte " +
                        std::to_string(extent.begin) +
                        ", the other ends at byte " + std::to_string(covered));
    if (extent.begin > covered)
      corrupt(path, "no tensor covers bytes " + std::to_string(covered) +
                        " to " + std::to_string(extent.begin) +
                        " after the header; the format allows no gaps");
    covered = extent.end;
  }
  if (covered != buffer_bytes)
    corrupt(path, "the tensors end at byte " + std::to_string(covered) +
                      " after the header, the file ends at byte " +
                      std::to_string(buffer_bytes) +
                      "; the format allows no trailing bytes");
}

}  // namespace

Safetensors::Safetensors(const std::string& path) : path_(path), file_(path) {
  header_ = read_header(path, file_);
  const Json header = Json::parse(header_, path + ": header");
  const size_t data_at = kLengthBytes + header_.size();
  const std::string_view buffer(
      reinterpret_cast<const char*>(file_.data()) + data_at,
      file_.size() - data_at);

  std::vector<Extent> extents;
  for (const auto& [name, json] : header.object) {
    if (json.kind != Json::Kind::kObject)
      corrupt(path, "header: " + in_quotes(name) + " is not an object");
    if (name == "__metadata__") continue;
    Extent extent;
    tensors_.emplace(name, Entry(path, name, json).read(buffer, extent));
    extent.name = name;
    extents.push_back(extent);
  }
  check_cover(path, extents, buffer.size());
}

const Tensor* Safetensors::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

}  // namespace alfa
