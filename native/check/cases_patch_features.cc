#include <algorithm>
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/elements.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/patch_features/patch_features.h"
#include "kernels/patch_features/patch_features_cuda.h"

namespace alfa::check {
namespace {

using kernels::Element;

enum class Values {
  kNormal,
  kOffset,
  kEqual,
  kSomeZero,
  kAllZero,
  kTiny,
  kHuge
};

const char* name_of(Values values) {
  switch (values) {
    case Values::kNormal:
      return "";
    case Values::kOffset:
      return ", far from 0";
    case Values::kEqual:
      return ", all equal";
    case Values::kSomeZero:
      return ", some zero rows";
    case Values::kAllZero:
      return ", all 0";
    case Values::kTiny:
      return ", of 1e-41";
    case Values::kHuge:
      return ", of 1e37";
  }
  return "";
}

std::vector<float> make_tokens(int grid, int width, Values values) {
  Random random(51);
  std::vector<float> tokens =
      random.normals(static_cast<size_t>(grid) * grid * width);
  for (size_t i = 0; i < tokens.size(); ++i) {
    float& t = tokens[i];
    if (values == Values::kOffset) t += 1000;
    if (values == Values::kEqual) t = 0.7f;
    if (values == Values::kSomeZero &&
        (i / width) % grid < static_cast<size_t>(grid) / 2)
      t = 0;  // the left half
    if (values == Values::kAllZero) t = 0;
    if (values == Values::kTiny) t *= 1e-41f;
    if (values == Values::kHuge) t *= 1e37f;
  }
  return tokens;
}

constexpr float kGapValue =
    -7;  // of the elements between the rows, which must not change

std::vector<double> reference(const std::vector<float>& tokens, int grid,
                              int width, int neighbours, double length,
                              int stride) {
  std::vector<double> out(static_cast<size_t>(grid) * grid * stride, kGapValue);
  for (int y = 0; y < grid; ++y) {
    for (int x = 0; x < grid; ++x) {
      double* row = out.data() + static_cast<size_t>(y * grid + x) * stride;
      double squares = 0;
      for (int e = 0; e < width; ++e) {
        double sum = 0;
        for (int v = 0; v < grid; ++v)
          for (int u = 0; u < grid; ++u)
            if (2 * std::abs(v - y) < neighbours &&
                2 * std::abs(u - x) < neighbours)
              sum += tokens[static_cast<size_t>(v * grid + u) * width + e];
        row[e] = sum;
        squares += sum * sum;
      }
      for (int e = 0; e < width; ++e)
        row[e] = squares > 0 ? row[e] * length / std::sqrt(squares) : 0;
    }
  }
  return out;
}

std::string shape_name(int grid, int width) {
  return "grid " + std::to_string(grid) + ", width " + std::to_string(width);
}

struct Shape {
  int grid, width, neighbours;
  Values values = Values::kNormal;
  float length = 1;
  int gap = 0;  // elements between the output rows
  // CUDA only:
  int images = 1;
  int before =
      0;  // elements before the tokens of an image, as of a class token
  Element in = Element::kFloat, out = Element::kFloat;

  int stride() const { return width + gap; }
  size_t numbers() const { return static_cast<size_t>(grid) * grid * width; }
  bool cpu() const {
    return images == 1 && before == 0 && in == Element::kFloat &&
           out == Element::kFloat;
  }
};

// The tokens of all images, each after its `before` elements.
std::vector<float> make_batch(const Shape& s) {
  std::vector<float> all;
  for (int i = 0; i < s.images; ++i) {
    std::vector<float> tokens = make_tokens(s.grid, s.width, s.values);
    for (float& t : tokens) t *= static_cast<float>(1 + i);
    if (i % 2) std::reverse(tokens.begin(), tokens.end());
    all.insert(all.end(), s.before, 100.0f);
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  return rounded(s.in, all);
}

Call prepare_cuda(Device& device, const Shape& s,
                  const std::vector<float>& batch) {
  if constexpr (kCudaBuilt) {
    const Elements tokens = upload(device, s.in, batch);
    const Elements out =
        upload(device, s.out,
               std::vector<float>(
                   static_cast<size_t>(s.images) * s.grid * s.grid * s.stride(),
                   kGapValue));
    const auto* first = static_cast<const unsigned char*>(tokens.data()) +
                        s.before * kernels::bytes_of(s.in);
    const kernels::CudaPatchFeatures task{
        s.in,      s.out,
        first,     static_cast<ptrdiff_t>(s.before + s.numbers()),
        s.images,  s.grid,
        s.width,   s.neighbours,
        s.length,  out.data(),
        s.stride()};
    return {[=, &device] {
              (void)tokens;  // keeps the memory
              kernels::patch_features_cuda(task, device.stream());
            },
            [=, &device] { return download(device, out); }};
  } else {
    return {};
  }
}

void add(Cases& cases, const Shape& s, bool heavy = false) {
  const auto make = [=] {
    const auto batch = std::make_shared<std::vector<float>>(make_batch(s));
    const auto prepare = [=](Device& device) -> Call {
      if (device.is_cuda()) return prepare_cuda(device, s, *batch);
      if (!s.cpu()) return {};
      return on_cpu([=] {
        std::vector<float> out(
            static_cast<size_t>(s.grid) * s.grid * s.stride(), kGapValue);
        kernels::patch_features(batch->data(), s.grid, s.width, s.neighbours,
                                s.length, out.data(), s.stride());
        return out;
      })(device);
    };
    return Work{prepare, [=] {
                  std::vector<double> all;
                  for (int i = 0; i < s.images; ++i) {
                    const auto first =
                        batch->begin() +
                        static_cast<ptrdiff_t>(
                            (i + 1) * (s.before + s.numbers()) - s.numbers());
                    const auto rows = reference(
                        {first, first + static_cast<ptrdiff_t>(s.numbers())},
                        s.grid, s.width, s.neighbours, s.length, s.stride());
                    all.insert(all.end(), rows.begin(), rows.end());
                  }
                  return all;
                }};
  };
  std::string name = "patch_features/" + shape_name(s.grid, s.width) + ", " +
                     std::to_string(s.neighbours) + " around";
  if (s.gap > 0) name += ", gap " + std::to_string(s.gap);
  if (s.length != 1)
    name += ", length " + std::to_string(s.length).substr(0, 4);
  name += name_of(s.values);
  if (s.images > 1) name += ", " + std::to_string(s.images) + " images";
  if (s.before > 0) name += ", " + std::to_string(s.before) + " before";
  if (s.in == Element::kHalf || s.out == Element::kHalf)
    name += std::string(", ") + check::name_of(s.in) + " to " +
            check::name_of(s.out);
  const double limit = 5e-7 * s.length;
  cases.push_back(
      {name,
       s.values == Values::kTiny
           ? absolute(1e-3 * s.length, "a float near 1e-41 has 4 digits")
       : s.out == Element::kHalf ? beyond_half(limit, "fp32 sums of neighbours")
                                 : absolute(limit, "fp32 sums of neighbours"),
       make, 0,
       static_cast<double>(s.images) * s.numbers() *
           (kernels::bytes_of(s.in) + kernels::bytes_of(s.out)),
       heavy});
}

// A level of the main use, widths that are not a multiple of 8, and offsets
// that are not a multiple of 16 bytes.
void cuda_cases(Cases& cases) {
  for (const Element in : {Element::kFloat, Element::kHalf})
    for (const Element out : {Element::kFloat, Element::kHalf}) {
      const auto of = [&](Shape s) {
        s.in = in;
        s.out = out;
        return s;
      };
      for (const int neighbours : {1, 3, 5}) {
        add(cases, of({15, 896, neighbours, Values::kNormal, 1, 0, 2, 896}));
        add(cases, of({15, 896, neighbours, Values::kNormal, 1, 0, 16, 896}),
            true);
      }
      for (const int width : {1, 7, 12, 192, 1023, 1024, 1032, 2500})
        add(cases, of({3, width, 3, Values::kNormal, 1, 0, 2}));
      add(cases, of({4, 64, 3, Values::kNormal, 0.5f, 8, 2, 8}));
      add(cases, of({4, 64, 3, Values::kNormal, 0.5f, 1, 2}));
      add(cases, of({4, 64, 3, Values::kNormal, 1, 0, 3, 1}));
      add(cases, of({4, 64, 3, Values::kSomeZero, 1, 0, 2}));
      add(cases, of({4, 64, 3, Values::kAllZero, 1, 0, 2}));
      add(cases, of({2, 64, 2147483647, Values::kNormal, 1, 0, 2}));
    }
}

std::vector<double> standardised(const std::vector<float>& tokens) {
  double mean = 0, variance = 0;
  for (const float t : tokens) mean += t / static_cast<double>(tokens.size());
  for (const float t : tokens)
    variance += (t - mean) * (t - mean) / static_cast<double>(tokens.size());
  std::vector<double> out;
  for (const float t : tokens)
    out.push_back((t - mean) / std::sqrt(variance + 1e-5));
  return out;
}

void add_standardise(Cases& cases, int grid, int width,
                     Values values = Values::kNormal) {
  const auto make = [=] {
    const auto tokens =
        std::make_shared<std::vector<float>>(make_tokens(grid, width, values));
    return Work{on_cpu([=] {
                  std::vector<float> out(tokens->size());
                  kernels::standardise(tokens->data(), grid, width, out.data());
                  return out;
                }),
                [=] { return standardised(*tokens); }};
  };
  cases.push_back(
      {"standardise/" + shape_name(grid, width) + name_of(values),
       absolute(5e-7, "computed in double, rounded once; values up to 5"), make,
       0, 8.0 * grid * grid * width});
}

void add_cases(Cases& cases) {
  for (const int width : {7, 192, 896}) add_standardise(cases, 15, width);
  add_standardise(cases, 1, 1);
  add_standardise(cases, 1, 64);
  for (const Values values : {Values::kOffset, Values::kEqual, Values::kAllZero,
                              Values::kTiny, Values::kSomeZero})
    add_standardise(cases, 6, 64, values);
  for (const int neighbours : {1, 3, 5}) add(cases, {15, 896, neighbours});
  for (const int grid : {1, 2, 6})
    for (const int neighbours : {1, 3, 5, 31})
      add(cases, {grid, 64, neighbours});
  for (const int neighbours : {29, 31, 2147483647})
    add(cases, {15, 64, neighbours});
  for (const int width : {1, 7, 192}) add(cases, {6, width, 3});
  add(cases, {15, 192, 3, Values::kNormal, 0.5f, 576});
  add(cases, {2, 7, 3, Values::kNormal, 10, 1});
  add(cases, {1, 1, 1, Values::kNormal, 1, 6});
  for (const int neighbours : {1, 3})
    for (const Values values :
         {Values::kOffset, Values::kEqual, Values::kSomeZero, Values::kAllZero,
          Values::kTiny, Values::kHuge})
      add(cases, {6, 64, neighbours, values});
  cuda_cases(cases);
  for (const int neighbours : {0, 2, -1})
    cases.push_back(expect_error(
        "patch_features/" + std::to_string(neighbours) + " around",
        Code::kRange, [=] {
          float value = 0;
          kernels::patch_features(&value, 1, 1, neighbours, 1, &value, 1);
        }));
}

const CaseGroup group("patch_features", add_cases);

}  // namespace

}  // namespace alfa::check
