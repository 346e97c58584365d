// A tower's large matrices in 8 bits, signed, one scale per output channel:
// made once at opening, owned here.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/architecture.h"

namespace alfa {

struct QuantisedLinear {           // y = scale * (x weight) + bias
  std::vector<int8_t> weight;      // [in, out]
  std::vector<float> scale, bias;  // [out]; bias zeros where the layer has none
  int64_t in = 0, out = 0;
};

struct QuantisedBlock {  // what is absent stays in fp32
  std::optional<QuantisedLinear> qkv;
  struct Rest {
    QuantisedLinear out, up, down;
  };
  std::optional<Rest> rest;
};

struct QuantisedTower {
  std::vector<QuantisedBlock> blocks;
};

// All blocks but the last, which reads few rows and ends in the embedding, and
// the first one's queries, keys and values, which are computed once per patch.
// `largest`: 127, or 63 for CPUs whose 8-bit products saturate in 16 bits (no
// VNNI). Throws Error(kModelCorrupt) where a weight is not a finite number.
QuantisedTower quantise(const Tower& tower, int largest);

}  // namespace alfa
