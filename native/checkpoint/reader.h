// Reads the tensors of a weights file into an Architecture. Each tensor must be
// present, have a float dtype and have the shape that the config gives. All
// layouts read through this class.
#pragma once
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/architecture.h"
#include "checkpoint/resample_positions.h"
#include "checkpoint/section.h"

namespace alfa {

using Shape = std::vector<Dim>;

// The parts of VisionTower::positions.
struct PositionParts {
  // [n + g*g, width], where g is the grid of the config's image size: the
  // positions of the first n rows and of the patches.
  Weights rows = {};
  Weights class_row = {};   // [width]
  Weights registers = {};   // [prefix - 1, width]; null if prefix is 1
  Weights patch_bias = {};  // [width], or null
};

class Reader {
 public:
  // Converted tensors go to `into.converted`. The others point into
  // `into.file`. `config` is the name of the config file, for messages.
  Reader(Architecture& into, std::string config)
      : into_(into), file_(*into.file), config_(std::move(config)) {}

  // True if the name of some tensor begins with `prefix`.
  bool has(std::string_view prefix) const;

  // A size that only the weights tell. The tensor must have this rank.
  Dim measure(const std::string& name, size_t rank, size_t dimension) const;

  Weights take(const std::string& name, const Shape& shape);
  Weights take_if_present(const std::string& name, const Shape& shape);

  // Tensors of the same shape, one after another along the first dimension.
  Weights stack(const std::vector<std::string>& names, const Shape& shape);

  // These read <name>.weight and <name>.bias.
  LayerNorm layer_norm(const std::string& name, const Dim& width);
  Linear linear(const std::string& name, const Dim& out, const Dim& in);

  // Three linear layers of width to width, stacked: queries, keys, values.
  Linear stacked_linear(const std::array<std::string, 3>& names,
                        const Dim& width);

  // A linear layer with its LayerScale: output o is multiplied by element o of
  // the tensor `scale`, [out].
  Linear scaled_linear(const std::string& name, const std::string& scale,
                       const Dim& out, const Dim& in);

  // VisionTower::positions, resampled to the tower's grid. Needs the tower's
  // sizes and prefix.
  Weights positions(const PositionParts& parts, const VisionTower& tower,
                    Bicubic kind);
  Weights patch_weight(const std::string& name, const Dim& width,
                       const Dim& patch);

  // Error(kModelMismatch) if a tensor under `prefix` was not taken and is not
  // in `ignored`: then the weights belong to another model. Strict loading in
  // torch does the same.
  void expect_all_taken(std::string_view prefix,
                        const std::set<std::string>& ignored = {}) const;

 private:
  const Tensor& find(const std::string& name, const std::string& shape) const;
  const Tensor& checked(const std::string& name, const Shape& shape);
  std::vector<float>& allocate(int64_t elements);

  Architecture& into_;
  const Safetensors& file_;
  std::string config_;
  std::set<std::string> taken_;
};

}  // namespace alfa
