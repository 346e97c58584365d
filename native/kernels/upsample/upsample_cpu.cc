#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "error.h"
#include "kernels/upsample/upsample.h"

namespace alfa::kernels {
namespace {

struct Sample {  // between pixel `at` and its neighbour `next`, `part` of the
                 // way
  int at, next;
  float part;  // [0, 1)
};

std::vector<Sample> samples(int in, int out, Align align) {
  const bool corners = align == Align::kCorners;
  // In whole numbers: a place that falls on a pixel falls on it exactly, and no
  // part is rounded up to 1.
  const int64_t steps = corners ? std::max<int64_t>(int64_t{out} - 1, 1)
                                : 2 * int64_t{out};  // from pixel to pixel
  std::vector<Sample> result(out);
  for (int i = 0; i < out; ++i) {
    const int64_t x =
        corners ? int64_t{i} * (in - 1)
                : std::max<int64_t>((2 * int64_t{i} + 1) * in - out, 0);
    const int at = static_cast<int>(x / steps);
    result[i] = {at, std::min(at + 1, in - 1),
                 static_cast<float>(static_cast<double>(x % steps) /
                                    static_cast<double>(steps))};
  }
  return result;
}

// Never leaves [a, b]: where b - a is rounded at all it is so large beside the
// rounding that 1 - part, no less than half an output pixel, outweighs it.
inline float between(float a, float b, float part) {
  return a + (b - a) * part;
}

void widen(const float* __restrict in, const std::vector<Sample>& columns,
           float* __restrict out) {
  for (const Sample& s : columns)
    *out++ = between(in[s.at], in[s.next], s.part);
}

void blend(const float* __restrict upper, const float* __restrict lower,
           float part, int count, float* __restrict out) {
  for (int i = 0; i < count; ++i) out[i] = between(upper[i], lower[i], part);
}

}  // namespace

// Columns first: an input row is widened once however many output rows lie on
// it, and what is left, the blend of two rows, runs over contiguous floats.
void upsample_bilinear(const float* in, int width, int height, int out_width,
                       int out_height, float* out, Align align) {
  if (width < 1 || height < 1 || out_width < 1 || out_height < 1) {
    throw Error(Code::kRange, "map size: expected at least 1 x 1 but found " +
                                  std::to_string(width) + " x " +
                                  std::to_string(height) + " to " +
                                  std::to_string(out_width) + " x " +
                                  std::to_string(out_height));
  }
  const std::vector<Sample> columns = samples(width, out_width, align),
                            rows = samples(height, out_height, align);
  std::vector<float> upper(out_width), lower(out_width);
  int upper_row = -1,
      lower_row = -1;  // the input rows that the two buffers hold
  for (int y = 0; y < out_height; ++y) {
    const auto [at, next, part] = rows[y];
    if (at == lower_row) {
      std::swap(upper, lower);
      std::swap(upper_row, lower_row);
    }
    if (at != upper_row)
      widen(in + static_cast<size_t>(at) * width, columns, upper.data());
    upper_row = at;
    if (next != lower_row)
      widen(in + static_cast<size_t>(next) * width, columns, lower.data());
    lower_row = next;
    blend(upper.data(), lower.data(), part, out_width,
          out + static_cast<size_t>(y) * out_width);
  }
}

}  // namespace alfa::kernels
