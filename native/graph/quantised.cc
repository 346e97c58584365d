#include "graph/quantised.h"

#include <algorithm>
#include <cmath>

#include "error.h"

namespace alfa {
namespace {

QuantisedLinear quantised(const Linear& linear, int largest) {
  QuantisedLinear q;
  q.out = linear.weight.shape[0];
  q.in = linear.weight.shape[1];
  q.weight.resize(static_cast<size_t>(q.in * q.out));
  q.scale.resize(static_cast<size_t>(q.out));
  if (linear.bias)
    q.bias.assign(linear.bias.data, linear.bias.data + q.out);
  else
    q.bias.assign(static_cast<size_t>(q.out), 0.0f);
  constexpr int64_t kBand =
      64;  // output channels at a time: they are columns of what is written
  for (int64_t first = 0; first < q.out; first += kBand) {
    const int64_t last = std::min(first + kBand, q.out);
    float inverse[kBand];
    for (int64_t c = first; c < last; ++c) {
      const float* row = linear.weight.data + c * q.in;
      float most = 0;
      for (int64_t i = 0; i < q.in; ++i) {
        if (!std::isfinite(row[i]))
          throw Error(Code::kModelCorrupt,
                      "A weight of the model is not a finite number; its file "
                      "is damaged. Download or convert it again.");
        most = std::max(most, std::fabs(row[i]));
      }
      q.scale[static_cast<size_t>(c)] = most / static_cast<float>(largest);
      inverse[c - first] = most > 0 ? static_cast<float>(largest) / most : 0.0f;
    }
    for (int64_t i = 0; i < q.in; ++i)
      for (int64_t c = first; c < last; ++c)
        q.weight[static_cast<size_t>(i * q.out + c)] = static_cast<int8_t>(
            std::lrint(linear.weight.data[c * q.in + i] * inverse[c - first]));
  }
  return q;
}

}  // namespace

QuantisedTower quantise(const Tower& tower, int largest) {
  QuantisedTower all;
  all.blocks.resize(static_cast<size_t>(tower.layers));
  for (int i = 0; i + 1 < tower.layers; ++i) {
    const Block& b = tower.blocks[static_cast<size_t>(i)];
    if (i > 0)
      all.blocks[static_cast<size_t>(i)].qkv = quantised(b.qkv, largest);
    all.blocks[static_cast<size_t>(i)].rest = {quantised(b.out, largest),
                                               quantised(b.fc1, largest),
                                               quantised(b.fc2, largest)};
  }
  return all;
}

}  // namespace alfa
