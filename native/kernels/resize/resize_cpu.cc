#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "error.h"
#include "kernels/multiversion.h"
#include "kernels/resize/axis_weights.h"
#include "kernels/resize/resize.h"
#include "kernels/size.h"

namespace alfa::kernels {
namespace {

ALFA_INLINE uint8_t clip(int fixed) {
  return static_cast<uint8_t>(std::clamp(fixed >> kWeightBits, 0, 255));
}

// The horizontal pass of one row: [in, 3] -> [outputs, 3]. `planes` is scratch
// memory, 3 * padded_inputs().
//
// The row is split into planes of 16-bit numbers, one for each channel. The
// taps of a channel are then contiguous, and the inner loop is a sum of 16-bit
// products, which every vector unit has. An output has 10 to 30 taps. Wider
// vectors than the baseline's would leave most of them to the remainder of the
// loop and take twice as long, so this function is not ALFA_MULTIVERSION.
void resize_row(const uint8_t* __restrict row, const AxisWeights& axis,
                int16_t* __restrict planes, uint8_t* __restrict out) {
  const int begin = axis.first_in();
  const int width = axis.end_in() - begin;
  const size_t plane = axis.padded_inputs();
  int16_t* __restrict red = planes;
  int16_t* __restrict green = red + plane;
  int16_t* __restrict blue = green + plane;
  const uint8_t* in = row + row_offset(begin, 3);
  for (int x = 0; x < width; ++x) {
    red[x] = in[3 * x];
    green[x] = in[3 * x + 1];
    blue[x] = in[3 * x + 2];
  }
  for (size_t i = 0; i < axis.first.size(); ++i) {
    const size_t weights = i * to_size(axis.stride);
    const int16_t* __restrict high = axis.high.data() + weights;
    const int16_t* __restrict low = axis.low.data() + weights;
    const int blocks = (axis.taps[i] + kTapBlock - 1) / kTapBlock;
    const int first = axis.first[i] - begin;
    for (size_t c = 0; c < 3; ++c) {
      const int16_t* __restrict pixel = red + c * plane + first;
      int sum_high = 0;
      int sum_low = 0;
      for (int t = 0; t < blocks * kTapBlock; ++t) {
        sum_high += pixel[t] * high[t];
        sum_low += pixel[t] * low[t];
      }
      out[3 * i + c] = clip(kRounding + sum_high * (1 << kLowBits) + sum_low);
    }
  }
}

// The vertical pass of one output row: the weighted sum of `taps` rows that are
// `stride` bytes apart. `sum` [count] is scratch memory. Two rows at a time, so
// that `sum` is read and written half as often.
ALFA_MULTIVERSION void weigh_rows(const uint8_t* rows, ptrdiff_t stride,
                                  const int32_t* weight, int taps, int count,
                                  int32_t* __restrict sum,
                                  uint8_t* __restrict out) {
  for (int i = 0; i < count; ++i) sum[i] = kRounding;
  int t = 0;
  for (; t + 2 <= taps; t += 2) {
    const uint8_t* __restrict upper = rows + t * stride;
    const uint8_t* __restrict lower = upper + stride;
    const int32_t w0 = weight[t];
    const int32_t w1 = weight[t + 1];
    for (int i = 0; i < count; ++i) sum[i] += w0 * upper[i] + w1 * lower[i];
  }
  if (t < taps) {
    const uint8_t* __restrict row = rows + t * stride;
    const int32_t w = weight[t];
    for (int i = 0; i < count; ++i) sum[i] += w * row[i];
  }
  for (int i = 0; i < count; ++i) out[i] = clip(sum[i]);
}

// Rows of an image: row y starts at data + y * stride.
struct Rows {
  const uint8_t* data;
  ptrdiff_t stride;  // bytes
};

// Resizes the columns of `count` rows -> out [count, outputs, 3].
void resize_columns(Rows rows, int count, const AxisWeights& across,
                    uint8_t* out) {
  const ptrdiff_t out_row = 3 * static_cast<ptrdiff_t>(across.first.size());
  std::vector<int16_t> planes(3 * across.padded_inputs());
  for (int y = 0; y < count; ++y)
    resize_row(rows.data + y * rows.stride, across, planes.data(),
               out + y * out_row);
}

// Resizes the rows, of which the first one is down.first_in() -> out [outputs,
// row_bytes].
void resize_rows(Rows rows, const AxisWeights& down, int row_bytes,
                 uint8_t* out) {
  std::vector<int32_t> sum(to_size(row_bytes));
  const int32_t* weight = down.weight.data();
  for (size_t y = 0; y < down.first.size(); ++y) {
    const uint8_t* first =
        rows.data + (down.first[y] - down.first_in()) * rows.stride;
    weigh_rows(first, rows.stride, weight, down.taps[y], row_bytes, sum.data(),
               out);
    weight += down.stride;
    out += row_bytes;
  }
}

std::vector<uint8_t> resize_window(const uint8_t* rgb, int width, int height,
                                   const ResizeWindow& window) {
  require_size(width, height);
  require_size(window.width, window.height);
  const int row_bytes = 3 * window.width;
  std::vector<uint8_t> out(to_size(row_bytes) * to_size(window.height));

  const bool resize_x = window.full_width != width;
  const bool resize_y = window.full_height != height;
  const AxisWeights down = resize_y ? AxisWeights(height, window.full_height,
                                                  window.y, window.height)
                                    : AxisWeights(1, 1, 0, 1);
  // The input rows that the window needs: [top, bottom).
  const int top = resize_y ? down.first_in() : static_cast<int>(window.y);
  const int bottom = resize_y ? down.end_in() : top + window.height;

  Rows rows{rgb + row_offset(top, row_offset(width, 3)), row_offset(width, 3)};
  std::vector<uint8_t> resized_columns;
  if (resize_x) {
    const AxisWeights across(width, window.full_width, window.x, window.width);
    uint8_t* to = out.data();
    if (resize_y) {
      resized_columns.resize(to_size(row_bytes) * to_size(bottom - top));
      to = resized_columns.data();
    }
    resize_columns(rows, bottom - top, across, to);
    rows = {to, row_bytes};
  } else {
    rows.data += 3 * window.x;
  }
  if (resize_y) {
    resize_rows(rows, down, row_bytes, out.data());
  } else if (!resize_x) {
    for (int y = 0; y < window.height; ++y)
      std::memcpy(out.data() + row_offset(y, row_bytes),
                  rows.data + y * rows.stride, to_size(row_bytes));
  }
  return out;
}

uint8_t over_white(int value, int alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) /
                              255);
}

}  // namespace

std::vector<uint8_t> to_rgb(PixelView image) {
  require_size(image.width, image.height);
  if (image.channels != 1 && image.channels != 3 && image.channels != 4)
    throw Error(Code::kImage,
                "image channels: expected 1, 3 or 4 but received " +
                    std::to_string(image.channels) + ".");
  const size_t count = to_size(image.width) * to_size(image.height);
  const uint8_t* in = image.data;
  if (image.channels == 3) return std::vector<uint8_t>(in, in + 3 * count);
  std::vector<uint8_t> out(3 * count);
  for (size_t i = 0; i < count; ++i) {
    if (image.channels == 1) {
      std::memset(&out[3 * i], in[i], 3);
      continue;
    }
    const int alpha = in[4 * i + 3];
    for (size_t c = 0; c < 3; ++c)
      out[3 * i + c] = over_white(in[4 * i + c], alpha);
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
  float value_of[3][256];  // of each channel and pixel value
  for (int c = 0; c < 3; ++c)
    for (int v = 0; v < 256; ++v)
      value_of[c][v] = (static_cast<float>(v) / 255.0f - mean[c]) / std[c];
  const int grid = size / patch;
  const ptrdiff_t area = row_offset(patch, patch);
  std::fill_n(patches, prefix * 3 * area, 0.0f);
  patches += prefix * 3 * area;
  for (int p = 0; p < grid * grid; ++p) {
    float* __restrict out = patches + p * 3 * area;
    for (int y = 0; y < patch; ++y) {
      const ptrdiff_t pixel =
          row_offset(p / grid * patch + y, size) + p % grid * patch;
      const uint8_t* in = rgb + 3 * pixel;
      for (int c = 0; c < 3; ++c)
        for (int x = 0; x < patch; ++x)
          out[c * area + y * patch + x] = value_of[c][in[3 * x + c]];
    }
  }
}

}  // namespace alfa::kernels
