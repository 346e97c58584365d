// Takes named tensors out of a file into an Architecture: present, of a float
// dtype, of the shape that the config says, as fp32. Every layout reads through
// it; it knows none.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/architecture.h"
#include "checkpoint/resample_positions.h"
#include "checkpoint/section.h"

namespace alfa {

using Shape = std::vector<Dim>;

// What VisionTower::positions is made of.
struct PositionParts {
  Weights rows = {};  // [n + own grid squared, width]: positions of the first n
                      // rows and of the patches
  Weights class_row = {};   // [width]
  Weights registers = {};   // [prefix - 1, width]; absent at a prefix of 1
  Weights patch_bias = {};  // [width]; may be absent
};

class Reader {
 public:
  // Converted tensors go to `into.owned`; the others point into `into.file`.
  explicit Reader(Architecture& into) : into_(into), file_(*into.file) {}

  bool any(
      std::string_view prefix) const;  // whether any tensor's name begins so

  // A size that the file alone tells: the tensor must be there and of that
  // rank.
  Dim measure(const std::string& name, size_t rank, size_t dimension) const;

  Weights take(const std::string& name, const Shape& shape);
  Weights take_if_there(const std::string& name, const Shape& shape);
  Weights stack(const std::vector<std::string>& names,
                const Shape& shape);  // alike in shape, one after another
  LayerNorm layer_norm(const std::string& name,
                       const Dim& width);  // <name>.weight, <name>.bias
  Linear linear(const std::string& name, const Dim& out,
                const Dim& in);  // <name>.weight, <name>.bias

  // The same, each output times its entry of the tensor `scale`, [out]: a
  // LayerScale folded in.
  Linear scaled_linear(const std::string& name, const std::string& scale,
                       const Dim& out, const Dim& in);

  // VisionTower::positions, resampled where the tower's grid is not the file's.
  // `tower` has its sizes and prefix.
  Weights positions(const PositionParts& parts, const VisionTower& tower,
                    Bicubic kind);
  Weights patch_weight(const std::string& name, const Dim& width,
                       const Dim& patch);

  // As torch's strict loading: a tensor under `prefix` that nothing took means
  // a model other than the config's.
  void expect_all_taken(std::string_view prefix,
                        const std::set<std::string>& harmless,
                        const std::string& config) const;

 private:
  const Tensor& found(const std::string& name, const std::string& shape) const;
  const Tensor& checked(const std::string& name, const Shape& shape);
  std::vector<float>& own(int64_t elements);

  Architecture& into_;
  const Safetensors& file_;
  std::set<std::string> taken_;
};

}  // namespace alfa
