#include <algorithm>
#include <cmath>
#include <memory>

#include "check/cases.h"
#include "check/host_call.h"
#include "check/random.h"
#include "kernels/upsample/upsample.h"

namespace alfa::check {
namespace {

enum class Values { kUnit, kConstant, kExtreme };

std::vector<float> make_map(int count, Values values) {
  Random random(4);
  std::vector<float> map(count, 0.3f);
  for (float& v : map) {
    if (values == Values::kUnit) v = static_cast<float>(random.uniform());
    if (values == Values::kExtreme) v = static_cast<float>((random.bits() & 1 ? 1e30 : 1e-30) * random.normal());
  }
  return map;
}

std::vector<double> reference(const std::vector<float>& in, int width, int height, int out_width, int out_height) {
  std::vector<double> out;
  const auto source = [](int i, int in_size, int out_size) {  // where the centre of output pixel i lies, edges clamped
    return std::clamp((i + 0.5) * in_size / out_size - 0.5, 0.0, in_size - 1.0);
  };
  for (int i = 0; i < out_height; ++i) {
    for (int j = 0; j < out_width; ++j) {
      const double y = source(i, height, out_height), x = source(j, width, out_width);
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

void add(Cases& cases, int width, int height, int out_width, int out_height, Values values, Tolerance tolerance,
         const char* note = "") {
  const auto make = [=] {
    const auto in = std::make_shared<std::vector<float>>(make_map(width * height, values));
    Work work{host_call([=] {
                std::vector<float> out(static_cast<size_t>(out_width) * out_height);
                kernels::upsample_bilinear(in->data(), width, height, out_width, out_height, out.data());
                return out;
              }),
              [=] { return reference(*in, width, height, out_width, out_height); }};
    work.property = [=](const std::vector<float>& out) -> std::string {
      const auto [low, high] = std::minmax_element(in->begin(), in->end());
      const auto [least, most] = std::minmax_element(out.begin(), out.end());
      return *least < *low || *most > *high ? "output leaves the range of the input" : "";
    };
    return work;
  };
  const auto size = [](int w, int h) { return std::to_string(w) + "x" + std::to_string(h); };
  cases.push_back(
      {"upsample/" + size(width, height) + " to " + size(out_width, out_height) + note, std::move(tolerance), make, 0,
       4.0 * (std::min(1.0 * width * height, 4.0 * out_width * out_height) + 1.0 * out_width * out_height)});
}

}  // namespace

void upsample_cases(Cases& cases) {
  const Tolerance rounded = absolute(2.5e-7, "two fp32 blends of values in (0, 1): at most 2 ULP of 1");
  add(cases, 15, 15, 240, 240, Values::kUnit, rounded);
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
  add(cases, 15, 15, 240, 240, Values::kConstant, exact("one value"), ", constant");
  add(cases, 9, 9, 100, 100, Values::kExtreme, absolute(1e24, "2 ULP of values up to 4e30"),
      ", 60 orders of magnitude");
  cases.push_back(refusal("upsample/to nothing", Code::kRange, [] {
    float value = 0;
    kernels::upsample_bilinear(&value, 1, 1, 0, 1, &value);
  }));
}

}  // namespace alfa::check
