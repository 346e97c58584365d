// Takes named tensors out of a file into an Architecture: present, of a float dtype, of the shape that the config
// says, as fp32. Both layouts read through it; it knows none.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/architecture.h"
#include "checkpoint/section.h"

namespace alfa {

using Shape = std::vector<Dim>;

class Reader {
 public:
  // Converted tensors go to `into.owned`; the others point into `into.file`.
  explicit Reader(Architecture& into) : into_(into), file_(*into.file) {}

  bool any(std::string_view prefix) const;  // whether any tensor's name begins so

  Weights take(const std::string& name, const Shape& shape);
  Weights stack(const std::vector<std::string>& names, const Shape& shape);  // alike in shape, one after another
  LayerNorm layer_norm(const std::string& name, const Dim& width);           // <name>.weight, <name>.bias
  Linear linear(const std::string& name, const Dim& out, const Dim& in);     // <name>.weight, <name>.bias

  // VisionTower::positions out of its three tensors; the file need not have `patch_bias`.
  Weights positions(const std::string& name, const std::string& class_name, const std::string& patch_bias,
                    const Dim& grid, const Dim& width);
  Weights patch_weight(const std::string& name, const Dim& width, const Dim& patch);

  // As torch's strict loading: a tensor under `prefix` that nothing took means a model other than the config's.
  void expect_all_taken(std::string_view prefix, const std::set<std::string>& harmless,
                        const std::string& config) const;

 private:
  const Tensor& checked(const std::string& name, const Shape& shape);
  std::vector<float>& own(int64_t elements);

  Architecture& into_;
  const Safetensors& file_;
  std::set<std::string> taken_;
};

}  // namespace alfa
