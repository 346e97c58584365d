// The large weight matrices of a tower in 8 bits (docs/int8.md): signed
// integers with one scale per output channel. Made once when a model opens.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/architecture.h"

namespace alfa {

// y[c] = scale[c] * (x . weight[:, c]) + bias[c]
struct QuantisedLinear {
  std::vector<int8_t> weight;  // [in, out]
  std::vector<float> scale;    // [out]
  std::vector<float> bias;     // [out]; zeros where the layer has none
  int64_t in = 0, out = 0;
};

// A part that is absent stays in fp32.
struct QuantisedBlock {
  struct AfterAttention {
    QuantisedLinear out, fc1, fc2;
  };
  std::optional<QuantisedLinear> qkv;
  std::optional<AfterAttention> after_attention;
};

struct QuantisedTower {
  std::vector<QuantisedBlock> blocks;
};

// Quantises all blocks except:
// - the last block, which has few rows and ends in the embedding
// - q, k and v of the first block, which are computed once per patch
// largest: the largest weight, 127; or 63 for CPUs whose 8-bit matmul saturates
// in 16 bits (no VNNI). Throws Error(kModelCorrupt) where a weight is not a
// finite number.
QuantisedTower quantise(const Tower& tower, int largest);

}  // namespace alfa
