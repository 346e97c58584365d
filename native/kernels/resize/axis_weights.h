// The weights of a resize along one axis, which the CPU and CUDA kernels share.
// Internal to resize/.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/resize/resize.h"

namespace alfa::kernels {

// Fraction bits of a fixed-point weight. Of 32 bits, 8 are for the pixel and 2
// for the sum, which can exceed 1.
constexpr int kWeightBits = 32 - 8 - 2;
// One half. A sum starts with it, so that the shift by kWeightBits rounds.
constexpr int kRounding = 1 << (kWeightBits - 1);
// A weight is high * 2^11 + low. Both parts fit into 16 bits.
constexpr int kLowBits = 11;
// The weights of an output are padded with zeros to a multiple of this number,
// so that loops run over whole vectors of 16-bit numbers.
constexpr int kTapBlock = 8;

// Output i of the axis is the weighted sum of the input pixels first[i] to
// first[i] + taps[i].
struct AxisWeights {
  // The outputs [begin, begin + count) of an axis that is resized from `in` to
  // `out` pixels.
  AxisWeights(int in, int64_t out, int64_t begin, int count);

  // The input pixels that these outputs use: [first_in(), end_in()).
  int first_in() const { return first.front(); }
  int end_in() const { return first.back() + taps.back(); }
  // Elements of a buffer for these input pixels in which a loop may also read
  // the padding of the last output's weights.
  size_t padded_inputs() const {
    return static_cast<size_t>(end_in() - first_in() + stride);
  }

  int stride;                    // elements between the weights of two outputs
  std::vector<int> first, taps;  // [count]
  std::vector<int32_t> weight;   // [count, stride], zeros after the taps
  std::vector<int16_t> high, low;  // [count, stride], the two parts of weight
};

// The part of the resized image that is computed.
struct ResizeWindow {
  int64_t full_width, full_height;  // of the resized image
  int64_t x, y;                     // where the window starts
  int width, height;                // of the window
};

// The window that fit_square computes. Throws Error(kImageSize).
ResizeWindow square_window(int width, int height, int size, Fit fit);

// Throws Error(kImageSize) unless both are at least 1.
void require_size(int width, int height);

}  // namespace alfa::kernels
