#include "checkpoint/reader.h"

#include <algorithm>
#include <cstdint>

#include "checkpoint/quote.h"
#include "checkpoint/to_float.h"
#include "error.h"

namespace alfa {
namespace {

constexpr int64_t kLargestSize = 1000000;  // as for numbers in configs

std::vector<int64_t> sizes(const Shape& shape) {
  std::vector<int64_t> out;
  for (const Dim& dim : shape) out.push_back(dim.size);
  return out;
}

int64_t element_count(const Tensor& tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;  // no overflow: Safetensors compared it with the file size
  return count;
}

// The config key of the first dimension that differs, for the message.
std::string differing_key(const std::vector<int64_t>& found,
                          const Shape& expected) {
  if (found.size() != expected.size()) return "";
  for (size_t i = 0; i < expected.size(); ++i)
    if (found[i] != expected[i].size && !expected[i].key.empty())
      return " (dimension " + std::to_string(i) + " is " + expected[i].key +
             ")";
  return "";
}

}  // namespace

bool Reader::has(std::string_view prefix) const {
  const auto at = file_.tensors().lower_bound(std::string(prefix));
  return at != file_.tensors().end() && at->first.starts_with(prefix);
}

const Tensor& Reader::find(const std::string& name,
                           const std::string& shape) const {
  const Tensor* tensor = file_.find(name);
  if (!tensor)
    throw Error(Code::kModelMismatch,
                file_.path() + ": tensor " + in_quotes(name) + shape +
                    " is missing; " + config_ +
                    " describes another model, or the file is incomplete");
  return *tensor;
}

const Tensor& Reader::checked(const std::string& name, const Shape& shape) {
  const std::string expected = shape_text(sizes(shape));
  const Tensor& tensor = find(name, " of shape " + expected);
  if (tensor.shape != sizes(shape))
    throw Error(Code::kModelMismatch,
                file_.path() + ": tensor " + in_quotes(name) + " has shape " +
                    shape_text(tensor.shape) + ", expected " + expected +
                    differing_key(tensor.shape, shape) +
                    "; check that config and weights belong together");
  if (!is_float(tensor.dtype))
    throw Error(Code::kModelUnsupported,
                file_.path() + ": tensor " + in_quotes(name) + " has dtype " +
                    in_quotes(tensor.dtype_name) +
                    "; expected F32, F16, BF16 or F64. Save the model without "
                    "quantisation");
  taken_.insert(name);
  return tensor;
}

Dim Reader::measure(const std::string& name, size_t rank,
                    size_t dimension) const {
  const Tensor& tensor = find(name, "");
  const int64_t size =
      tensor.shape.size() == rank ? tensor.shape[dimension] : 0;
  if (size < 1 || size > kLargestSize)
    throw Error(
        Code::kModelMismatch,
        file_.path() + ": tensor " + in_quotes(name) + " has shape " +
            shape_text(tensor.shape) + ", expected " + std::to_string(rank) +
            " dimensions of 1 to 1000000; check that config and weights belong "
            "together");
  return {size, "the shape of " + name};
}

std::vector<float>& Reader::allocate(int64_t elements) {
  return into_.converted.emplace_back(static_cast<size_t>(elements));
}

Weights Reader::take(const std::string& name, const Shape& shape) {
  const Tensor& tensor = checked(name, shape);
  const bool aligned =
      reinterpret_cast<uintptr_t>(tensor.data) % alignof(float) == 0;
  if (tensor.dtype == DType::kF32 && aligned)
    return {reinterpret_cast<const float*>(tensor.data), tensor.shape};
  std::vector<float>& floats = allocate(element_count(tensor));
  to_float(tensor, floats.data());
  return {floats.data(), tensor.shape};
}

Weights Reader::take_if_present(const std::string& name, const Shape& shape) {
  return file_.find(name) ? take(name, shape) : Weights{};
}

Weights Reader::stack(const std::vector<std::string>& names,
                      const Shape& shape) {
  std::vector<const Tensor*> parts;
  for (const std::string& name : names) parts.push_back(&checked(name, shape));
  const int64_t each = element_count(*parts[0]);
  std::vector<float>& floats =
      allocate(each * static_cast<int64_t>(parts.size()));
  for (size_t i = 0; i < parts.size(); ++i)
    to_float(*parts[i], floats.data() + i * each);
  Weights out{floats.data(), parts[0]->shape};
  out.shape[0] *= static_cast<int64_t>(parts.size());
  return out;
}

LayerNorm Reader::layer_norm(const std::string& name, const Dim& width) {
  return {take(name + ".weight", {width}), take(name + ".bias", {width})};
}

Linear Reader::linear(const std::string& name, const Dim& out, const Dim& in) {
  return {take(name + ".weight", {out, in}), take(name + ".bias", {out})};
}

Linear Reader::stacked_linear(const std::array<std::string, 3>& names,
                              const Dim& width) {
  const auto stack_all = [&](const std::string& suffix, const Shape& shape) {
    return stack({names[0] + suffix, names[1] + suffix, names[2] + suffix},
                 shape);
  };
  return {stack_all(".weight", {width, width}), stack_all(".bias", {width})};
}

Linear Reader::scaled_linear(const std::string& name, const std::string& scale,
                             const Dim& out, const Dim& in) {
  const Tensor& weight = checked(name + ".weight", {out, in});
  const Tensor& bias = checked(name + ".bias", {out});
  const Weights factors = take(scale, {out});
  std::vector<float>&rows = allocate(out.size * in.size),
  &offsets = allocate(out.size);
  to_float(weight, rows.data());
  to_float(bias, offsets.data());
  for (int64_t o = 0; o < out.size; ++o) {
    for (int64_t i = 0; i < in.size; ++i)
      rows[o * in.size + i] *= factors.data[o];
    offsets[o] *= factors.data[o];
  }
  return {{rows.data(), weight.shape}, {offsets.data(), bias.shape}};
}

Weights Reader::positions(const PositionParts& parts, const VisionTower& tower,
                          Bicubic kind) {
  const int config_grid = tower.config_image_size / tower.patch;
  const int64_t width = tower.width, patches = int64_t{tower.grid} * tower.grid;
  int64_t elements = 1;
  for (int64_t size : parts.rows.shape) elements *= size;
  // Rows before the patches that have a position.
  const int64_t positioned =
      elements / width - int64_t{config_grid} * config_grid;

  std::vector<float>& out = allocate((tower.prefix + patches) * width);
  for (int64_t r = 0; r < tower.prefix; ++r) {
    const float* token =
        r == 0 ? parts.class_row.data : parts.registers.data + (r - 1) * width;
    for (int64_t c = 0; c < width; ++c) {
      const float position =
          r < positioned ? parts.rows.data[r * width + c] : 0;
      out[static_cast<size_t>(r * width + c)] = token[c] + position;
    }
  }
  float* grid = out.data() + tower.prefix * width;
  resample_positions(parts.rows.data + positioned * width, config_grid,
                     tower.grid, tower.width, kind, grid);
  if (parts.patch_bias)
    for (int64_t i = 0; i < patches * width; ++i)
      grid[i] += parts.patch_bias.data[i % width];
  return {out.data(), {tower.prefix + patches, width}};
}

Weights Reader::patch_weight(const std::string& name, const Dim& width,
                             const Dim& patch) {
  Weights weight = take(name, {width, {3, ""}, patch, patch});
  weight.shape = {width.size, 3 * patch.size * patch.size};
  return weight;
}

void Reader::expect_all_taken(std::string_view prefix,
                              const std::set<std::string>& ignored) const {
  const auto& tensors = file_.tensors();
  for (auto at = tensors.lower_bound(std::string(prefix));
       at != tensors.end() && at->first.starts_with(prefix); ++at) {
    if (taken_.count(at->first) || ignored.count(at->first)) continue;
    throw Error(Code::kModelMismatch,
                file_.path() + ": tensor " + in_quotes(at->first) +
                    " is not part of the model that " + config_ +
                    " describes; check that they belong together");
  }
}

}  // namespace alfa
