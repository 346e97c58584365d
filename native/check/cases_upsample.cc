#include <algorithm>
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/upsample/upsample_cuda.h"

namespace alfa::check {
namespace {

using kernels::Align;

enum class Values {
  kUnit,
  kConstant,
  kExtreme,
  kCliff,  // 1 and 1e-9 alternate: 1 + (1e-9 - 1) is 0, below both
};

std::vector<float> make_map(int width, int height, Values values,
                            uint64_t seed) {
  Random random(seed);
  std::vector<float> map(width * height, 0.3f);
  for (int i = 0; i < width * height; ++i) {
    float& v = map[i];
    if (values == Values::kCliff) v = i % width % 2 ? 1e-9f : 1.0f;
    if (values == Values::kUnit) v = static_cast<float>(random.uniform());
    if (values == Values::kExtreme)
      v = static_cast<float>((random.bits() & 1 ? 1e30 : 1e-30) *
                             random.normal());
  }
  return map;
}

std::vector<double> reference(const std::vector<float>& in, int width,
                              int height, int out_width, int out_height,
                              Align align) {
  std::vector<double> out;
  const auto source = [align](int i, int in_size, int out_size) {
    if (align == Align::kCorners)
      return out_size > 1 ? i * (in_size - 1.0) / (out_size - 1) : 0.0;
    return std::clamp(
        (i + 0.5) * in_size / out_size - 0.5, 0.0,
        in_size - 1.0);  // the centre of the pixel, clamped at the edges
  };
  for (int i = 0; i < out_height; ++i) {
    for (int j = 0; j < out_width; ++j) {
      const double y = source(i, height, out_height),
                   x = source(j, width, out_width);
      double sum = 0;
      for (int dy = 0; dy < 2; ++dy) {
        for (int dx = 0; dx < 2; ++dx) {
          const int r = std::min(static_cast<int>(y) + dy, height - 1),
                    c = std::min(static_cast<int>(x) + dx, width - 1);
          const double wy = dy ? y - std::floor(y) : 1 - (y - std::floor(y)),
                       wx = dx ? x - std::floor(x) : 1 - (x - std::floor(x));
          sum += wy * wx * in[r * width + c];
        }
      }
      out.push_back(sum);
    }
  }
  return out;
}

std::vector<float> on_host(const std::vector<float>& in, int width, int height,
                           int out_width, int out_height, Align align) {
  std::vector<float> out(static_cast<size_t>(out_width) * out_height);
  kernels::upsample_bilinear(in.data(), width, height, out_width, out_height,
                             out.data(), align);
  return out;
}

// Further properties of the output:
// - It stays within the range of the input.
// - With Align::kCorners its corners equal those of the input.
// - CUDA gives the same bits as the CPU, if the compiler of the CPU code does
// not
//   fuse multiplications and additions.
std::string problem_of(const std::vector<float>& in, int width, int height,
                       int out_width, int out_height, Align align,
                       const std::vector<float>& out) {
  const auto [low, high] = std::minmax_element(in.begin(), in.end());
  const auto [least, most] = std::minmax_element(out.begin(), out.end());
  if (*least < *low || *most > *high)
    return "the output leaves the range of the input";
#if defined(__x86_64__) && !defined(__FMA__)
  if (out != on_host(in, width, height, out_width, out_height, align))
    return "the output differs from that of the CPU";
#endif
  if (align == Align::kCentres) return "";
  const int left = 0, right = out_width > 1 ? width - 1 : 0, top = 0,
            bottom = out_height > 1 ? height - 1 : 0;
  const bool same = out[0] == in[top * width + left] &&
                    out[out_width - 1] == in[top * width + right] &&
                    out[out.size() - out_width] == in[bottom * width + left] &&
                    out.back() == in[bottom * width + right];
  return same ? "" : "a corner differs from that of the input";
}

void add(Cases& cases, int width, int height, int out_width, int out_height,
         Values values, Tolerance tolerance, const char* note = "",
         Align align = Align::kCentres, int images = 1) {
  const auto make = [=] {
    const auto maps = std::make_shared<std::vector<std::vector<float>>>();
    for (int i = 0; i < images; ++i)
      maps->push_back(make_map(width, height, values, 4 + i));
    const auto each = [maps](auto f) {
      decltype(f((*maps)[0])) all;
      for (const auto& map : *maps)
        for (const auto v : f(map)) all.push_back(v);
      return all;
    };
    const auto host = on_cpu([=] {
      return each([=](const auto& map) {
        return on_host(map, width, height, out_width, out_height, align);
      });
    });
    Work work;
    work.prepare = on_both(host, [=](Device& device) -> Call {
      const auto in = device.upload(each([](const auto& map) { return map; }));
      const auto out = nan_output(
          device, static_cast<size_t>(images) * out_width * out_height);
      return {[=, &device] {
                if constexpr (kCudaBuilt)
                  kernels::upsample_cuda(in.data(), images, width, height,
                                         out_width, out_height, align,
                                         out.data(), device.stream());
              },
              [=, &device] { return device.download(out); }};
    });
    work.reference = [=] {
      return each([=](const auto& map) {
        return reference(map, width, height, out_width, out_height, align);
      });
    };
    work.property = [=](const std::vector<float>& out) {
      const ptrdiff_t size = static_cast<ptrdiff_t>(out_width) * out_height;
      for (int i = 0; i < images; ++i) {
        const std::string problem =
            problem_of((*maps)[i], width, height, out_width, out_height, align,
                       {out.begin() + i * size, out.begin() + (i + 1) * size});
        if (!problem.empty()) return problem;
      }
      return std::string();
    };
    return work;
  };
  const auto size = [](int w, int h) {
    return std::to_string(w) + "x" + std::to_string(h);
  };
  cases.push_back(
      {std::string("upsample/") +
           (images > 1 ? std::to_string(images) + " of " : "") +
           size(width, height) + " to " + size(out_width, out_height) +
           (align == Align::kCorners ? ", corners" : "") + note,
       std::move(tolerance), make, 0,
       4.0 * images *
           (std::min(1.0 * width * height, 4.0 * out_width * out_height) +
            1.0 * out_width * out_height)});
}

void add_cases(Cases& cases) {
  const Tolerance rounded = absolute(
      2.5e-7, "two fp32 blends of values in (0, 1): at most 2 ULP of 1");
  add(cases, 15, 15, 240, 240, Values::kUnit, rounded);
  for (const Align align : {Align::kCentres, Align::kCorners}) {
    add(cases, 15, 15, 240, 240, Values::kUnit, rounded, "", align, 16);
    add(cases, 7, 5, 65, 17, Values::kUnit, rounded, "", align, 3);
    add(cases, 70000, 1, 70001, 1, Values::kUnit, rounded, ", beyond 32 bits",
        align);
  }
  add(cases, 15, 15, 1024, 1024, Values::kUnit, rounded);
  add(cases, 24, 24, 1600, 1200, Values::kUnit, rounded);
  add(cases, 15, 15, 37, 1001, Values::kUnit, rounded);
  add(cases, 240, 240, 100, 77, Values::kUnit, rounded, ", shrinking");
  add(cases, 240, 240, 1, 1, Values::kUnit, rounded);
  add(cases, 240, 240, 240, 240, Values::kUnit, exact("same size"));
  add(cases, 1, 1, 1, 1, Values::kUnit, exact("same size"));
  add(cases, 1, 1, 33, 7, Values::kUnit, exact("one value"));
  add(cases, 7, 1, 20, 3, Values::kUnit, rounded);
  add(cases, 1, 5, 4, 50, Values::kUnit, rounded);
  add(cases, 2, 2, 3, 3, Values::kUnit, rounded);
  add(cases, 7, 5, 8, 4, Values::kUnit, rounded);
  add(cases, 15, 15, 240, 240, Values::kConstant, exact("one value"),
      ", constant");
  add(cases, 9, 9, 100, 100, Values::kExtreme,
      absolute(1e24, "2 ULP of values up to 4e30"), ", 60 orders of magnitude");
  // Here a position computed as i * (in / out) falls just short of a pixel.
  for (const int side : {98, 206, 214})
    add(cases, 2, 2, side, side, Values::kCliff, rounded, ", alternating");
  const auto corners = [&](int width, int height, int out_width, int out_height,
                           Values values, Tolerance tolerance,
                           const char* note = "") {
    add(cases, width, height, out_width, out_height, values,
        std::move(tolerance), note, Align::kCorners);
  };
  corners(15, 15, 240, 240, Values::kUnit, rounded);
  corners(24, 24, 1600, 1200, Values::kUnit, rounded);
  corners(15, 15, 37, 1001, Values::kUnit, rounded);
  corners(240, 240, 100, 77, Values::kUnit, rounded, ", shrinking");
  corners(240, 240, 1, 1, Values::kUnit, exact("the first corner"));
  corners(240, 240, 240, 240, Values::kUnit, exact("same size"));
  corners(1, 1, 1, 1, Values::kUnit, exact("same size"));
  corners(1, 1, 33, 7, Values::kUnit, exact("one value"));
  corners(7, 1, 20, 3, Values::kUnit, rounded);
  corners(1, 5, 4, 50, Values::kUnit, rounded);
  corners(5, 5, 9, 17, Values::kUnit, rounded);
  corners(9, 9, 3, 5, Values::kUnit, exact("every second or fourth pixel"));
  corners(15, 15, 240, 240, Values::kConstant, rounded,
          ", constant");  // exact, because the output stays in range
  for (const int side : {50, 99, 104, 162})
    corners(2, 2, side, side, Values::kCliff, rounded, ", alternating");
  corners(9, 9, 100, 100, Values::kExtreme,
          absolute(1e24, "2 ULP of values up to 4e30"),
          ", 60 orders of magnitude");
  cases.push_back(expect_error("upsample/to width 0", Code::kRange, [] {
    float value = 0;
    kernels::upsample_bilinear(&value, 1, 1, 0, 1, &value);
  }));
}

const CaseGroup group("upsample", add_cases);

}  // namespace

}  // namespace alfa::check
