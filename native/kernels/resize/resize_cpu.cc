#include "kernels/resize/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "error.h"
#include "kernels/multiversion.h"

namespace alfa::kernels {
namespace {

constexpr int kBits = 32 - 8 - 2;       // fraction bits of a weight: 8 of the pixel and 2 of headroom stay free
constexpr int kHalf = 1 << (kBits - 1);
constexpr int kLowBits = 11;            // a weight is high * 2^11 + low, so that both parts fit 16 bits
constexpr int kBlock = 8;               // taps are padded with zeros to whole vectors of 16-bit numbers

double cubic(double x) {  // Keys' kernel, a = -0.5
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// Weights of the outputs [begin, begin + count) of an axis of `in` pixels resized to `out`.
struct Axis {
  Axis(int in, int64_t out, int64_t begin, int count);

  int first_in() const { return first.front(); }
  int end_in() const { return first.back() + taps.back(); }
  size_t plane() const { return static_cast<size_t>(end_in() - first_in()) + stride; }  // the last taps' padding fits

  int stride;                      // of the weight arrays, per output
  std::vector<int> first, taps;    // [count]
  std::vector<int32_t> weight;     // [count, stride]
  std::vector<int16_t> high, low;  // [count, stride], zeros past taps
};

Axis::Axis(int in, int64_t out, int64_t begin, int count) : first(count), taps(count) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(scale, 1.0);
  const double support = 2 * stretch, shrink = 1 / stretch;
  const int most = std::min<int64_t>(in, static_cast<int64_t>(std::ceil(support)) * 2 + 1);
  stride = (most + kBlock - 1) / kBlock * kBlock;
  weight.resize(static_cast<size_t>(count) * stride);
  high.resize(weight.size());
  low.resize(weight.size());
  std::vector<double> w(most);
  for (int i = 0; i < count; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * scale;
    const int from = static_cast<int>(std::max(center - support + 0.5, 0.0));
    const int to = static_cast<int>(std::min(center + support + 0.5, static_cast<double>(in)));
    double sum = 0;
    for (int x = from; x < to; ++x) sum += w[x - from] = cubic((x - center + 0.5) * shrink);
    first[i] = from;
    taps[i] = to - from;
    const size_t row = static_cast<size_t>(i) * stride;
    for (int t = 0; t < taps[i]; ++t) {
      const double unit = sum != 0 ? w[t] / sum : w[t];
      const int fixed = static_cast<int>(unit * (1 << kBits) + (unit < 0 ? -0.5 : 0.5));
      weight[row + t] = fixed;
      high[row + t] = static_cast<int16_t>(fixed >> kLowBits);
      low[row + t] = static_cast<int16_t>(fixed & ((1 << kLowBits) - 1));
    }
  }
}

ALFA_INLINE uint8_t clip(int fixed) { return static_cast<uint8_t>(std::clamp(fixed >> kBits, 0, 255)); }

// One row, [in, 3] -> [count, 3]. Split into planes of 16 bits so that the taps of a channel are contiguous and
// every inner loop is a sum of 16-bit products, which all vector units have. Wider vectors than the baseline's would
// leave most of the 10 to 30 taps to the loop's remainder: measured at half the speed, hence no clones.
void horizontal(const uint8_t* __restrict row, const Axis& axis, int16_t* __restrict planes, uint8_t* __restrict out) {
  const int begin = axis.first_in(), width = axis.end_in() - begin;
  const size_t plane = axis.plane();
  int16_t* __restrict red = planes;
  int16_t* __restrict green = red + plane;
  int16_t* __restrict blue = green + plane;
  const uint8_t* in = row + 3 * static_cast<size_t>(begin);
  for (int x = 0; x < width; ++x) {
    red[x] = in[3 * x];
    green[x] = in[3 * x + 1];
    blue[x] = in[3 * x + 2];
  }
  const size_t count = axis.first.size();
  for (size_t i = 0; i < count; ++i) {
    const int16_t* __restrict high = axis.high.data() + i * axis.stride;
    const int16_t* __restrict low = axis.low.data() + i * axis.stride;
    const int blocks = (axis.taps[i] + kBlock - 1) / kBlock;
    const int at = axis.first[i] - begin;
    for (int c = 0; c < 3; ++c) {
      const int16_t* __restrict pixel = red + c * plane + at;
      int sum_high = 0, sum_low = 0;
      for (int t = 0; t < blocks * kBlock; ++t) {
        sum_high += pixel[t] * high[t];
        sum_low += pixel[t] * low[t];
      }
      out[3 * i + c] = clip(kHalf + sum_high * (1 << kLowBits) + sum_low);
    }
  }
}

// One output row from `taps` rows that lie `stride` bytes apart.
ALFA_MULTIVERSION void vertical(const uint8_t* rows, size_t stride, const int32_t* weight, int taps, int count,
                                int32_t* __restrict sum, uint8_t* __restrict out) {
  for (int i = 0; i < count; ++i) sum[i] = kHalf;
  int t = 0;
  for (; t + 2 <= taps; t += 2) {
    const uint8_t* __restrict upper = rows + t * stride;
    const uint8_t* __restrict lower = upper + stride;
    const int32_t w0 = weight[t], w1 = weight[t + 1];
    for (int i = 0; i < count; ++i) sum[i] += w0 * upper[i] + w1 * lower[i];
  }
  if (t < taps) {
    const uint8_t* __restrict row = rows + t * stride;
    const int32_t w = weight[t];
    for (int i = 0; i < count; ++i) sum[i] += w * row[i];
  }
  for (int i = 0; i < count; ++i) out[i] = clip(sum[i]);
}

void require_size(int width, int height) {
  if (width < 1 || height < 1) {
    throw Error(Code::kImageSize, "image size: expected at least 1 x 1 pixels but found " + std::to_string(width) +
                                      " x " + std::to_string(height));
  }
}

struct Window {  // what is wanted of the resized image, all of it at most
  int64_t full_width, full_height, x, y;
  int width, height;
};

std::vector<uint8_t> resize_window(const uint8_t* rgb, int width, int height, const Window& want) {
  require_size(width, height);
  require_size(want.width, want.height);
  const size_t in_row = 3 * static_cast<size_t>(width), out_row = 3 * static_cast<size_t>(want.width);
  std::vector<uint8_t> out(out_row * want.height);

  const bool resize_x = want.full_width != width, resize_y = want.full_height != height;
  const Axis down = resize_y ? Axis(height, want.full_height, want.y, want.height) : Axis(1, 1, 0, 1);
  const int top = resize_y ? down.first_in() : static_cast<int>(want.y);
  const int bottom = resize_y ? down.end_in() : top + want.height;

  const uint8_t* rows = rgb + top * in_row + (resize_x ? 0 : 3 * want.x);  // from row `top` on
  size_t stride = in_row;
  std::vector<uint8_t> narrowed;
  if (resize_x) {
    const Axis across(width, want.full_width, want.x, want.width);
    uint8_t* to = out.data();
    if (resize_y) {
      narrowed.resize(out_row * (bottom - top));
      to = narrowed.data();
    }
    std::vector<int16_t> planes(3 * across.plane());
    for (int y = top; y < bottom; ++y) horizontal(rgb + y * in_row, across, planes.data(), to + (y - top) * out_row);
    rows = to;
    stride = out_row;
  }
  if (resize_y) {
    std::vector<int32_t> sum(out_row);
    for (int y = 0; y < want.height; ++y) {
      vertical(rows + (down.first[y] - top) * stride, stride, down.weight.data() + static_cast<size_t>(y) * down.stride,
               down.taps[y], static_cast<int>(out_row), sum.data(), out.data() + y * out_row);
    }
  } else if (!resize_x) {
    for (int y = 0; y < want.height; ++y) std::memcpy(out.data() + y * out_row, rows + y * stride, out_row);
  }
  return out;
}

int64_t half_to_even(int64_t twice) {  // round(twice / 2), ties to even
  const int64_t floor = twice / 2;
  return floor + (twice % 2 != 0 && floor % 2 != 0);
}

}  // namespace

std::vector<uint8_t> to_rgb(PixelView image) {
  require_size(image.width, image.height);
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    throw Error(Code::kImage, "image channels: expected 1, 3 or 4 but found " + std::to_string(image.channels));
  }
  const size_t count = static_cast<size_t>(image.width) * image.height;
  const uint8_t* in = image.data;
  if (image.channels == 3) return std::vector<uint8_t>(in, in + 3 * count);
  std::vector<uint8_t> out(3 * count);
  for (size_t i = 0; i < count; ++i) {
    if (image.channels == 1) {
      std::memset(&out[3 * i], in[i], 3);
      continue;
    }
    const int alpha = in[4 * i + 3];
    for (int c = 0; c < 3; ++c) {
      out[3 * i + c] = static_cast<uint8_t>((in[4 * i + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return out;
}

std::vector<uint8_t> resize_bicubic(const uint8_t* rgb, int width, int height, int out_width, int out_height) {
  return resize_window(rgb, width, height, {out_width, out_height, 0, 0, out_width, out_height});
}

std::vector<uint8_t> fit_square(const uint8_t* rgb, int width, int height, int size, Fit fit) {
  require_size(width, height);
  if (fit == Fit::kSquash) return resize_bicubic(rgb, width, height, size, size);
  // Only the centre of the long side is computed: a 1 x 10,000 image costs no more than a square one.
  const int64_t shorter = std::min(width, height), longer = std::max(width, height);
  const int64_t full = size * longer / shorter, start = half_to_even(full - size);
  if (width <= height) return resize_window(rgb, width, height, {size, full, 0, start, size, size});
  return resize_window(rgb, width, height, {full, size, start, 0, size, size});
}

Box shown_part(int width, int height, int size, Fit fit) {
  if (fit == Fit::kSquash) return {0, 0, width, height};
  const int64_t shorter = std::min(width, height), longer = std::max(width, height);
  const int64_t full = size * longer / shorter, start = half_to_even(full - size);
  const double scale = static_cast<double>(longer) / static_cast<double>(full);
  const int first = static_cast<int>(std::lround(static_cast<double>(start) * scale));
  const int side = std::min(static_cast<int>(std::lround(size * scale)), static_cast<int>(longer) - first);
  return width <= height ? Box{0, first, width, side} : Box{first, 0, side, height};
}

void to_patches(const uint8_t* rgb, int size, int patch, int prefix, const float mean[3], const float std[3], float* patches) {
  float value[3][256];
  for (int c = 0; c < 3; ++c) {
    for (int v = 0; v < 256; ++v) value[c][v] = (static_cast<float>(v) / 255.0f - mean[c]) / std[c];
  }
  const int grid = size / patch;
  const size_t area = static_cast<size_t>(patch) * patch, row = 3 * area;
  std::fill(patches, patches + static_cast<size_t>(prefix) * row, 0.0f);
  for (int p = 0; p < grid * grid; ++p) {
    float* __restrict out = patches + static_cast<size_t>(prefix + p) * row;
    for (int y = 0; y < patch; ++y) {
      const uint8_t* in = rgb + 3 * (static_cast<size_t>(p / grid * patch + y) * size + p % grid * patch);
      for (int c = 0; c < 3; ++c) {
        for (int x = 0; x < patch; ++x) out[c * area + y * patch + x] = value[c][in[3 * x + c]];
      }
    }
  }
}

}  // namespace alfa::kernels
