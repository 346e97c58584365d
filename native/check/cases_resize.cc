// Two references: hashes of Pillow's output, which must be equal, and the
// definition in float64, which shows where a difference is. The CUDA kernel
// only resizes to squares. It has further cases that compare it with the CPU.
#include <algorithm>
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "check/resize_call.h"
#include "kernels/resize/resize.h"

namespace alfa::check {
namespace {

using kernels::Fit;

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
  for (const auto byte : bytes)
    hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3u;
  return hash;
}

double keys(double x) {
  x = std::abs(x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  if (x < 2) return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
  return 0;
}

// Resizes one line to `out` pixels, rounded to integers.
std::vector<double> line(const std::vector<double>& in, int out) {
  const int count = static_cast<int>(in.size());
  if (count == out) return in;
  const double scale = static_cast<double>(count) / out,
               stretch = std::max(scale, 1.0);
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

std::vector<double> reference(const std::vector<uint8_t>& rgb, int width,
                              int height, int out_width, int out_height) {
  std::vector<double> out(3 * static_cast<size_t>(out_width) * out_height);
  for (int c = 0; c < 3; ++c) {
    std::vector<std::vector<double>> columns(out_width);
    for (int y = 0; y < height; ++y) {
      std::vector<double> row(width);
      for (int x = 0; x < width; ++x)
        row[x] = rgb[3 * (static_cast<size_t>(y) * width + x) + c];
      row = line(row, out_width);
      for (int x = 0; x < out_width; ++x) columns[x].push_back(row[x]);
    }
    for (int x = 0; x < out_width; ++x) {
      const auto column = line(columns[x], out_height);
      for (int y = 0; y < out_height; ++y)
        out[3 * (static_cast<size_t>(y) * out_width + x) + c] = column[y];
    }
  }
  return out;
}

std::string same_as_pillow(const std::vector<float>& out, uint64_t hash) {
  return fnv(out) == hash ? "" : "differs from Pillow's output";
}

const Tolerance kLevel =
    absolute(1,
             "a value within 1e-3 of a half may be rounded to the other side; "
             "the hash of Pillow's output must be equal");

void add_resize(Cases& cases, const Golden& g) {
  const auto make = [g] {
    const auto rgb =
        std::make_shared<std::vector<uint8_t>>(noise(g.width, g.height, 7));
    const auto host = on_cpu([=] {
      return kernels::resize_bicubic(rgb->data(), g.width, g.height,
                                     g.out_width, g.out_height);
    });
    ResizeCall call{g.width, g.height, g.out_width, Fit::kSquash};
    call.square = true;
    return Work{
        g.out_width == g.out_height ? on_cpu_or_resize_cuda(host, call, rgb)
                                    : host,
        [=] {
          return reference(*rgb, g.width, g.height, g.out_width, g.out_height);
        },
        [=](const std::vector<float>& out) {
          return same_as_pillow(out, g.hash);
        }};
  };
  const auto size = [](int w, int h) {
    return std::to_string(w) + "x" + std::to_string(h);
  };
  cases.push_back({"resize/" + size(g.width, g.height) + " to " +
                       size(g.out_width, g.out_height),
                   kLevel, make, 0,
                   3.0 * (g.width * g.height + g.out_width * g.out_height)});
}

void add_crop(Cases& cases, const Golden& g) {
  const int size = g.out_width;
  const auto make = [=] {
    const auto rgb =
        std::make_shared<std::vector<uint8_t>>(noise(g.width, g.height, 7));
    const auto definition = [=] {
      const int width = g.width <= g.height ? size : size * g.width / g.height;
      const int height = g.width <= g.height ? size * g.height / g.width : size;
      const int left = static_cast<int>(std::nearbyint((width - size) / 2.0)),
                top = static_cast<int>(std::nearbyint((height - size) / 2.0));
      const auto whole = reference(*rgb, g.width, g.height, width, height);
      std::vector<double> out;
      for (int y = top; y < top + size; ++y) {
        const auto row =
            whole.begin() + 3 * (static_cast<ptrdiff_t>(y) * width + left);
        out.insert(out.end(), row, row + 3 * size);
      }
      return out;
    };
    ResizeCall call{g.width, g.height, size, Fit::kCrop};
    call.square = true;
    return Work{on_cpu_or_resize_cuda(on_cpu([=] {
                                        return kernels::fit_square(
                                            rgb->data(), g.width, g.height,
                                            size, Fit::kCrop);
                                      }),
                                      call, rgb),
                definition, [=](const std::vector<float>& out) {
                  return same_as_pillow(out, g.hash);
                }};
  };
  cases.push_back({"fit_square/crop " + std::to_string(g.width) + "x" +
                       std::to_string(g.height) + " to " + std::to_string(size),
                   kLevel, make, 0, 3.0 * (g.width * g.height + size * size)});
}

void add_on_cuda(Cases& cases, const char* special, ResizeCall call,
                 bool heavy = false) {
  call.square = true;
  const auto make = [=] {
    const auto rgb = std::make_shared<std::vector<uint8_t>>(
        noise(call.width, call.height, 9));
    return Work{
        on_cpu_or_resize_cuda([](Device&) { return Call{}; }, call, rgb), [=] {
          const auto square = kernels::fit_square(
              rgb->data(), call.width, call.height, call.size, call.fit);
          return std::vector<double>(square.begin(), square.end());
        }};
  };
  cases.push_back({"resize_cuda/" + std::to_string(call.width) + "x" +
                       std::to_string(call.height) +
                       (call.fit == Fit::kCrop ? " cropped to " : " to ") +
                       std::to_string(call.size) + special,
                   exact("integers, equal to the CPU"), make, 0,
                   3.0 * call.width * call.height + 3.0 * call.size * call.size,
                   heavy});
}

// Images wider than one step of a block and wider than its outputs, sizes that
// are not a multiple of 4, and rows at any offset.
void cuda_cases(Cases& cases) {
  for (const Fit fit : {Fit::kSquash, Fit::kCrop}) {
    for (const int size : {1, 2, 31, 32, 33, 65})
      add_on_cuda(cases, "", {45, 38, size, fit});
    for (const int width : {1, 2, 3, 4, 5, 7, 8, 9, 257, 1030})
      add_on_cuda(cases, "", {width, 6, 15, fit});
    for (const int height : {1, 2, 33, 1030})
      add_on_cuda(cases, "", {6, height, 15, fit});
  }
  for (const int shift : {0, 1, 2, 3})
    for (const int gap : {0, 1, 2}) {
      const std::string special =
          ", gap " + std::to_string(gap) + ", offset " + std::to_string(shift);
      add_on_cuda(cases, special.c_str(),
                  {61, 40, 20, Fit::kSquash, 5, 1, kernels::Element::kFloat,
                   shift, gap});
      add_on_cuda(cases, special.c_str(),
                  {20, 40, 20, Fit::kSquash, 5, 1, kernels::Element::kFloat,
                   shift, gap});
      add_on_cuda(
          cases, special.c_str(),
          {21, 40, 21, Fit::kCrop, 5, 1, kernels::Element::kFloat, shift, gap});
      add_on_cuda(
          cases, special.c_str(),
          {40, 21, 21, Fit::kCrop, 5, 1, kernels::Element::kFloat, shift, gap});
    }
  add_on_cuda(cases, "", {20, 20, 20, Fit::kSquash});
  add_on_cuda(cases, "", {8192, 5, 16, Fit::kSquash});
  add_on_cuda(cases, "", {8192, 5, 1, Fit::kSquash});
  add_on_cuda(cases, "", {5, 8192, 16, Fit::kSquash});
  add_on_cuda(cases, "", {8192, 6, 240, Fit::kCrop});
  add_on_cuda(cases, "", {6, 8192, 240, Fit::kCrop});
  add_on_cuda(cases, "", {37, 29, 300, Fit::kSquash});
  add_on_cuda(cases, "", {29, 37, 600, Fit::kCrop});
  add_on_cuda(cases, "", {4000, 3000, 240, Fit::kSquash});
  add_on_cuda(cases, "", {8192, 8192, 240, Fit::kCrop}, true);
  add_on_cuda(cases, "", {8191, 4097, 336, Fit::kSquash}, true);
}

void add_cases(Cases& cases) {
  for (const Golden& golden : kResize) add_resize(cases, golden);
  for (const Golden& golden : kCrop) add_crop(cases, golden);
  cuda_cases(cases);
  cases.push_back(
      {"fit_square/squash 70x30 to 15", exact("the same as resize"), [] {
         const auto rgb =
             std::make_shared<std::vector<uint8_t>>(noise(70, 30, 7));
         return Work{on_cpu([=] {
                       return kernels::fit_square(rgb->data(), 70, 30, 15,
                                                  Fit::kSquash);
                     }),
                     [=] {
                       const auto out =
                           kernels::resize_bicubic(rgb->data(), 70, 30, 15, 15);
                       return std::vector<double>(out.begin(), out.end());
                     }};
       }});
  cases.push_back(
      {"fit_square/crop 1x5000 to 240", kLevel,
       [] {  // the full result would be 240 x 1,200,000 pixels; only its centre
             // is used
         const auto rgb =
             std::make_shared<std::vector<uint8_t>>(noise(1, 5000, 7));
         return Work{on_cpu([=] {
                       return kernels::fit_square(rgb->data(), 1, 5000, 240,
                                                  Fit::kCrop);
                     }),
                     [=] {
                       const std::vector<uint8_t> near(rgb->begin() + 3 * 2490,
                                                       rgb->begin() + 3 * 2510);
                       const auto whole = reference(near, 1, 20, 240, 4800);
                       return std::vector<double>(
                           whole.begin() + 3 * 240 * 2280,
                           whole.begin() + 3 * 240 * 2520);
                     }};
       }});
  cases.push_back(expect_error("resize/empty image", Code::kImageSize, [] {
    kernels::resize_bicubic(nullptr, 0, 5, 2, 2);
  }));
  cases.push_back(expect_error("resize/to width 0", Code::kImageSize, [] {
    const uint8_t pixel[3] = {};
    kernels::resize_bicubic(pixel, 1, 1, 0, 2);
  }));
}

const CaseGroup group("resize", add_cases);

}  // namespace

}  // namespace alfa::check
