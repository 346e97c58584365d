// Two references: Pillow's own output, as hashes, to the bit; and the definition in float64, to a level, which says
// where a difference lies.
#include <algorithm>
#include <cmath>
#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/resize/resize.h"

namespace alfa::check {
namespace {

struct Golden {
  int width, height, out_width, out_height;
  uint64_t hash;
};
#include "check/resize_golden.inc"

std::vector<uint8_t> noise(int width, int height, uint64_t seed) {
  Random random(seed);
  std::vector<uint8_t> pixels(3 * static_cast<size_t>(width) * height);
  for (uint8_t& p : pixels) p = random.byte();
  return pixels;
}

template <typename Bytes>
uint64_t fnv(const Bytes& bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const auto byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3u;
  return hash;
}

double keys(double x) {
  x = std::abs(x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  if (x < 2) return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
  return 0;
}

// One line of `count` pixels to `out`, rounded to levels.
std::vector<double> line(const std::vector<double>& in, int out) {
  const int count = static_cast<int>(in.size());
  if (count == out) return in;
  const double scale = static_cast<double>(count) / out, stretch = std::max(scale, 1.0);
  std::vector<double> result;
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    double sum = 0, weights = 0;
    for (int x = 0; x < count; ++x) {
      if (std::abs(x + 0.5 - center) > 2 * stretch) continue;
      const double w = keys((x + 0.5 - center) / stretch);
      sum += w * in[x];
      weights += w;
    }
    result.push_back(std::clamp(std::floor(sum / weights + 0.5), 0.0, 255.0));
  }
  return result;
}

std::vector<double> reference(const std::vector<uint8_t>& rgb, int width, int height, int out_width, int out_height) {
  std::vector<double> out(3 * static_cast<size_t>(out_width) * out_height);
  for (int c = 0; c < 3; ++c) {
    std::vector<std::vector<double>> columns(out_width);
    for (int y = 0; y < height; ++y) {
      std::vector<double> row(width);
      for (int x = 0; x < width; ++x) row[x] = rgb[3 * (static_cast<size_t>(y) * width + x) + c];
      row = line(row, out_width);
      for (int x = 0; x < out_width; ++x) columns[x].push_back(row[x]);
    }
    for (int x = 0; x < out_width; ++x) {
      const auto column = line(columns[x], out_height);
      for (int y = 0; y < out_height; ++y) out[3 * (static_cast<size_t>(y) * out_width + x) + c] = column[y];
    }
  }
  return out;
}

std::string same_as_pillow(const std::vector<float>& out, uint64_t hash) {
  return fnv(out) == hash ? "" : "differs from Pillow's output";
}

const Tolerance kLevel =
    absolute(1, "a value within 1e-3 of a half may round the other way; Pillow's bits are compared beside");

void add_resize(Cases& cases, const Golden& g) {
  const auto make = [g] {
    const auto rgb = std::make_shared<std::vector<uint8_t>>(noise(g.width, g.height, 7));
    return Work{
        host_call([=] { return kernels::resize_bicubic(rgb->data(), g.width, g.height, g.out_width, g.out_height); }),
        [=] { return reference(*rgb, g.width, g.height, g.out_width, g.out_height); },
        [=](const std::vector<float>& out) { return same_as_pillow(out, g.hash); }};
  };
  const auto size = [](int w, int h) { return std::to_string(w) + "x" + std::to_string(h); };
  cases.push_back({"resize/" + size(g.width, g.height) + " to " + size(g.out_width, g.out_height), kLevel, make, 0,
                   3.0 * (g.width * g.height + g.out_width * g.out_height)});
}

void add_crop(Cases& cases, const Golden& g) {
  const int size = g.out_width;
  const auto make = [=] {
    const auto rgb = std::make_shared<std::vector<uint8_t>>(noise(g.width, g.height, 7));
    const auto definition = [=] {
      const int width = g.width <= g.height ? size : size * g.width / g.height;
      const int height = g.width <= g.height ? size * g.height / g.width : size;
      const int left = static_cast<int>(std::nearbyint((width - size) / 2.0)),
                top = static_cast<int>(std::nearbyint((height - size) / 2.0));
      const auto whole = reference(*rgb, g.width, g.height, width, height);
      std::vector<double> out;
      for (int y = top; y < top + size; ++y) {
        const auto row = whole.begin() + 3 * (static_cast<ptrdiff_t>(y) * width + left);
        out.insert(out.end(), row, row + 3 * size);
      }
      return out;
    };
    return Work{
        host_call([=] { return kernels::fit_square(rgb->data(), g.width, g.height, size, kernels::Fit::kCrop); }),
        definition, [=](const std::vector<float>& out) { return same_as_pillow(out, g.hash); }};
  };
  cases.push_back(
      {"fit_square/crop " + std::to_string(g.width) + "x" + std::to_string(g.height) + " to " + std::to_string(size),
       kLevel, make, 0, 3.0 * (g.width * g.height + size * size)});
}

}  // namespace

void resize_cases(Cases& cases) {
  for (const Golden& golden : kResize) add_resize(cases, golden);
  for (const Golden& golden : kCrop) add_crop(cases, golden);
  cases.push_back({"fit_square/squash 70x30 to 15", exact("the same as resize"), [] {
    const auto rgb = std::make_shared<std::vector<uint8_t>>(noise(70, 30, 7));
    return Work{host_call([=] { return kernels::fit_square(rgb->data(), 70, 30, 15, kernels::Fit::kSquash); }), [=] {
                  const auto out = kernels::resize_bicubic(rgb->data(), 70, 30, 15, 15);
                  return std::vector<double>(out.begin(), out.end());
                }};
  }});
  cases.push_back(
      {"fit_square/crop 1x5000 to 240", kLevel, [] {  // the whole would be 240 x 1,200,000: only the centre is made
         const auto rgb = std::make_shared<std::vector<uint8_t>>(noise(1, 5000, 7));
         return Work{host_call([=] { return kernels::fit_square(rgb->data(), 1, 5000, 240, kernels::Fit::kCrop); }),
                     [=] {
                       const std::vector<uint8_t> near(rgb->begin() + 3 * 2490, rgb->begin() + 3 * 2510);
                       const auto whole = reference(near, 1, 20, 240, 4800);
                       return std::vector<double>(whole.begin() + 3 * 240 * 2280, whole.begin() + 3 * 240 * 2520);
                     }};
       }});
  cases.push_back(
      refusal("resize/empty image", Code::kImageSize, [] { kernels::resize_bicubic(nullptr, 0, 5, 2, 2); }));
  cases.push_back(refusal("resize/to nothing", Code::kImageSize, [] {
    const uint8_t pixel[3] = {};
    kernels::resize_bicubic(pixel, 1, 1, 0, 2);
  }));
}

}  // namespace alfa::check
