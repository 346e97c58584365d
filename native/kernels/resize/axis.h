// Which pixels of an axis an output of the resize is made of, with which
// fixed-point weights, and which part of the resized image fit_square shows:
// what the kernels of every device share. Internal to resize/.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/resize/resize.h"

namespace alfa::kernels {

constexpr int kBits =
    32 - 8 -
    2;  // fraction bits of a weight: 8 of the pixel and 2 of headroom stay free
constexpr int kRounding =
    1 << (kBits -
          1);  // what a sum starts with, so that its upper bits are rounded
constexpr int kLowBits =
    11;  // a weight is high * 2^11 + low, so that both parts fit 16 bits
constexpr int kBlock =
    8;  // taps are padded with zeros to whole vectors of 16-bit numbers

// Weights of the outputs [begin, begin + count) of an axis of `in` pixels
// resized to `out`.
struct Axis {
  Axis(int in, int64_t out, int64_t begin, int count);

  int first_in() const { return first.front(); }
  int end_in() const { return first.back() + taps.back(); }
  size_t plane() const {
    return static_cast<size_t>(end_in() - first_in()) + stride;
  }  // the last taps' padding fits

  int stride;                      // of the weight arrays, per output
  std::vector<int> first, taps;    // [count]
  std::vector<int32_t> weight;     // [count, stride]
  std::vector<int16_t> high, low;  // [count, stride], zeros past taps
};

struct ResizeWindow {  // what is wanted of the resized image, all of it at most
  int64_t full_width, full_height, x, y;
  int width, height;
};
ResizeWindow square_window(int width, int height, int size, Fit fit);

void require_size(int width,
                  int height);  // Error(kImageSize) unless both are at least 1

}  // namespace alfa::kernels
