#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "error.h"
#include "kernels/size.h"
#include "kernels/upsample/upsample.h"

namespace alfa::kernels {
namespace {

// An output pixel along one axis: between input pixels `low` and `high`, at
// `fraction` of the way.
struct Sample {
  int low, high;
  float fraction;  // [0, 1)
};

std::vector<Sample> make_samples(int in, int out, Align align) {
  const bool corners = align == Align::kCorners;
  // Positions are integers, in units of 1 / steps of a pixel. So a position on
  // a pixel is exact, and no fraction is rounded up to 1.
  const int64_t steps =
      corners ? std::max<int64_t>(int64_t{out} - 1, 1) : 2 * int64_t{out};
  std::vector<Sample> samples;
  samples.reserve(to_size(out));
  for (int i = 0; i < out; ++i) {
    const int64_t position =
        corners ? int64_t{i} * (in - 1)
                : std::max<int64_t>((2 * int64_t{i} + 1) * in - out, 0);
    const int low = static_cast<int>(position / steps);
    const double fraction =
        static_cast<double>(position % steps) / static_cast<double>(steps);
    samples.push_back(
        {low, std::min(low + 1, in - 1), static_cast<float>(fraction)});
  }
  return samples;
}

// Between a and b, never outside of [a, b]. The rounding error of b - a is
// small compared to (1 - fraction) * (b - a), because 1 - fraction is at least
// half an output pixel.
inline float interpolate(float a, float b, float fraction) {
  return a + (b - a) * fraction;
}

void interpolate_row(const float* __restrict in,
                     const std::vector<Sample>& columns,
                     float* __restrict out) {
  for (const Sample& s : columns)
    *out++ = interpolate(in[s.low], in[s.high], s.fraction);
}

void interpolate_rows(const float* __restrict upper,
                      const float* __restrict lower, float fraction, int count,
                      float* __restrict out) {
  for (int i = 0; i < count; ++i)
    out[i] = interpolate(upper[i], lower[i], fraction);
}

}  // namespace

// Along rows first: each input row is interpolated once, for all output rows
// near it. The second step, between two rows, runs over contiguous floats.
void upsample_bilinear(const float* in, int width, int height, int out_width,
                       int out_height, float* out, Align align) {
  if (width < 1 || height < 1 || out_width < 1 || out_height < 1)
    throw Error(Code::kRange,
                "map size: expected at least 1 x 1 pixels but received " +
                    std::to_string(width) + " x " + std::to_string(height) +
                    " to " + std::to_string(out_width) + " x " +
                    std::to_string(out_height) + ".");
  const std::vector<Sample> columns = make_samples(width, out_width, align);
  const std::vector<Sample> rows = make_samples(height, out_height, align);
  // The two interpolated input rows, and their numbers.
  std::vector<float> upper(to_size(out_width));
  std::vector<float> lower(to_size(out_width));
  int upper_row = -1;
  int lower_row = -1;
  for (const auto& [low, high, fraction] : rows) {
    if (low == lower_row) {
      std::swap(upper, lower);
      std::swap(upper_row, lower_row);
    }
    if (low != upper_row)
      interpolate_row(in + row_offset(low, width), columns, upper.data());
    upper_row = low;
    if (high != lower_row)
      interpolate_row(in + row_offset(high, width), columns, lower.data());
    lower_row = high;
    interpolate_rows(upper.data(), lower.data(), fraction, out_width, out);
    out += out_width;
  }
}

}  // namespace alfa::kernels
