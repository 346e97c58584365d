#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "error.h"
#include "kernels/multiversion.h"
#include "kernels/resize/axis.h"
#include "kernels/resize/resize.h"

namespace alfa::kernels {
namespace {

ALFA_INLINE uint8_t clip(int fixed) {
  return static_cast<uint8_t>(std::clamp(fixed >> kBits, 0, 255));
}

// One row, [in, 3] -> [count, 3]. Split into planes of 16 bits so that the taps
// of a channel are contiguous and every inner loop is a sum of 16-bit products,
// which all vector units have. Wider vectors than the baseline's would leave
// most of the 10 to 30 taps to the loop's remainder: measured at half the
// speed, hence no clones.
void horizontal(const uint8_t* __restrict row, const Axis& axis,
                int16_t* __restrict planes, uint8_t* __restrict out) {
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
      out[3 * i + c] = clip(kRounding + sum_high * (1 << kLowBits) + sum_low);
    }
  }
}

// One output row from `taps` rows that lie `stride` bytes apart.
ALFA_MULTIVERSION void vertical(const uint8_t* rows, size_t stride,
                                const int32_t* weight, int taps, int count,
                                int32_t* __restrict sum,
                                uint8_t* __restrict out) {
  for (int i = 0; i < count; ++i) sum[i] = kRounding;
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

std::vector<uint8_t> resize_window(const uint8_t* rgb, int width, int height,
                                   const ResizeWindow& want) {
  require_size(width, height);
  require_size(want.width, want.height);
  const size_t in_row = 3 * static_cast<size_t>(width),
               out_row = 3 * static_cast<size_t>(want.width);
  std::vector<uint8_t> out(out_row * want.height);

  const bool resize_x = want.full_width != width,
             resize_y = want.full_height != height;
  const Axis down = resize_y
                        ? Axis(height, want.full_height, want.y, want.height)
                        : Axis(1, 1, 0, 1);
  const int top = resize_y ? down.first_in() : static_cast<int>(want.y);
  const int bottom = resize_y ? down.end_in() : top + want.height;

  const uint8_t* rows =
      rgb + top * in_row + (resize_x ? 0 : 3 * want.x);  // from row `top` on
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
    for (int y = top; y < bottom; ++y)
      horizontal(rgb + y * in_row, across, planes.data(),
                 to + (y - top) * out_row);
    rows = to;
    stride = out_row;
  }
  if (resize_y) {
    std::vector<int32_t> sum(out_row);
    for (int y = 0; y < want.height; ++y) {
      vertical(rows + (down.first[y] - top) * stride, stride,
               down.weight.data() + static_cast<size_t>(y) * down.stride,
               down.taps[y], static_cast<int>(out_row), sum.data(),
               out.data() + y * out_row);
    }
  } else if (!resize_x) {
    for (int y = 0; y < want.height; ++y)
      std::memcpy(out.data() + y * out_row, rows + y * stride, out_row);
  }
  return out;
}

}  // namespace

std::vector<uint8_t> to_rgb(PixelView image) {
  require_size(image.width, image.height);
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    throw Error(Code::kImage, "image channels: expected 1, 3 or 4 but found " +
                                  std::to_string(image.channels));
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
      out[3 * i + c] = static_cast<uint8_t>(
          (in[4 * i + c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return out;
}

std::vector<uint8_t> resize_bicubic(const uint8_t* rgb, int width, int height,
                                    int out_width, int out_height) {
  return resize_window(rgb, width, height,
                       {out_width, out_height, 0, 0, out_width, out_height});
}

std::vector<uint8_t> fit_square(const uint8_t* rgb, int width, int height,
                                int size, Fit fit) {
  return resize_window(rgb, width, height,
                       square_window(width, height, size, fit));
}

void to_patches(const uint8_t* rgb, int size, int patch, int prefix,
                const float mean[3], const float std[3], float* patches) {
  float value[3][256];
  for (int c = 0; c < 3; ++c) {
    for (int v = 0; v < 256; ++v)
      value[c][v] = (static_cast<float>(v) / 255.0f - mean[c]) / std[c];
  }
  const int grid = size / patch;
  const size_t area = static_cast<size_t>(patch) * patch, row = 3 * area;
  std::fill(patches, patches + static_cast<size_t>(prefix) * row, 0.0f);
  for (int p = 0; p < grid * grid; ++p) {
    float* __restrict out = patches + static_cast<size_t>(prefix + p) * row;
    for (int y = 0; y < patch; ++y) {
      const uint8_t* in =
          rgb + 3 * (static_cast<size_t>(p / grid * patch + y) * size +
                     p % grid * patch);
      for (int c = 0; c < 3; ++c) {
        for (int x = 0; x < patch; ++x)
          out[c * area + y * patch + x] = value[c][in[3 * x + c]];
      }
    }
  }
}

}  // namespace alfa::kernels
