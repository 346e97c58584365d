#include "graph/quantised.h"

#include <algorithm>
#include <cmath>

#include "error.h"

namespace alfa {
namespace {

// The largest magnitude in a row of weights.
float largest_magnitude(const float* row, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(row[i]))
      throw Error(
          Code::kModelCorrupt,
          "A weight of the model is not a finite number, so its file is "
          "damaged. Download or convert the model again.");
    largest = std::max(largest, std::fabs(row[i]));
  }
  return largest;
}

QuantisedLinear quantise(const Linear& linear, int largest) {
  QuantisedLinear q;
  q.out = linear.weight.shape[0];
  q.in = linear.weight.shape[1];
  q.weight.resize(static_cast<size_t>(q.in * q.out));
  q.scale.resize(static_cast<size_t>(q.out));
  if (linear.bias)
    q.bias.assign(linear.bias.data, linear.bias.data + q.out);
  else
    q.bias.assign(static_cast<size_t>(q.out), 0.0f);
  // The result is transposed. Some output channels at a time, so that reads and
  // writes stay in the cache.
  constexpr int64_t kChannels = 64;
  for (int64_t first = 0; first < q.out; first += kChannels) {
    const int64_t last = std::min(first + kChannels, q.out);
    float inverse[kChannels];
    for (int64_t c = first; c < last; ++c) {
      const float maximum =
          largest_magnitude(linear.weight.data + c * q.in, q.in);
      q.scale[static_cast<size_t>(c)] = maximum / static_cast<float>(largest);
      inverse[c - first] =
          maximum > 0 ? static_cast<float>(largest) / maximum : 0.0f;
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
  for (size_t i = 0; i + 1 < all.blocks.size(); ++i) {
    const Block& b = tower.blocks[i];
    if (i > 0) all.blocks[i].qkv = quantise(b.qkv, largest);
    all.blocks[i].after_attention = {quantise(b.out, largest),
                                     quantise(b.fc1, largest),
                                     quantise(b.fc2, largest)};
  }
  return all;
}

}  // namespace alfa
