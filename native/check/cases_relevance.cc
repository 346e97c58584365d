#include <algorithm>
#include <cmath>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/relevance/relevance_cuda.h"

namespace alfa::check {
namespace {

enum class Values { kNormal, kWide, kZeroGradient, kNegative, kZeroQueries };

struct Shape {
  const char* name;
  std::vector<int> lengths;  // of all segments
  std::vector<int32_t>
      segment;  // of each gradient; all of these as long as the first
  int heads, head_width;
  Values values = Values::kNormal;
  int length() const {
    return segment.empty() ? 1 : lengths[static_cast<size_t>(segment[0])];
  }  // of a gradient's segment
};

struct Input {
  std::vector<float> q, k, v, gradient;
  std::vector<int32_t> cu;
};

Input make_input(const Shape& s) {
  Random random(71);
  Input in;
  in.cu.push_back(0);
  for (const int length : s.lengths) in.cu.push_back(in.cu.back() + length);
  const size_t width = static_cast<size_t>(s.heads) * s.head_width,
               rows = in.cu.back();
  const double wide = s.values == Values::kWide          ? 5
                      : s.values == Values::kZeroQueries ? 0
                                                         : 1;
  in.q = random.normals(s.lengths.size() * width, wide);
  in.k = random.normals(rows * width, wide);
  in.v = random.normals(rows * width);
  in.gradient = random.normals(s.segment.size() * width,
                               s.values == Values::kZeroGradient ? 0 : 1);
  if (s.values ==
      Values::kNegative) {  // all products of value and gradient are negative
    for (float& v : in.v) v = std::abs(v);
    for (float& g : in.gradient) g = -std::abs(g);
  }
  return in;
}

// By the definition: the loss is L = <o, g>; relevance is the gradient of L
// with respect to each attention weight, times the weight.
std::vector<double> reference(const Shape& s, const Input& in) {
  const int width = s.heads * s.head_width;
  std::vector<double> out;
  for (size_t i = 0; i < s.segment.size(); ++i) {
    const int seg = s.segment[i], length = in.cu[seg + 1] - in.cu[seg];
    std::vector<std::vector<double>> positive(length);
    for (int h = 0; h < s.heads; ++h) {
      std::vector<double> logit(length), gradient(length);
      for (int j = 0; j < length; ++j) {
        const size_t row = static_cast<size_t>(in.cu[seg] + j) * width;
        for (int e = (h + 1) * s.head_width - 1; e >= h * s.head_width; --e) {
          logit[j] +=
              static_cast<double>(in.q[static_cast<size_t>(seg) * width + e]) *
              in.k[row + e];
          gradient[j] +=
              static_cast<double>(in.gradient[i * width + e]) * in.v[row + e];
        }
      }
      for (int j = 0; j < length; ++j) {
        double inverse = 0;
        for (int other = 0; other < length; ++other)
          inverse += std::exp((logit[other] - logit[j]) /
                              std::sqrt(static_cast<double>(s.head_width)));
        if (gradient[j] > 0) positive[j].push_back(gradient[j] / inverse);
      }
    }
    for (const auto& parts : positive) {
      double sum = 0;
      for (const double part : parts) sum += part;
      out.push_back(sum / s.heads);
    }
  }
  return out;
}

// On CUDA, in fp32.
void add_cuda(Cases& cases, const Shape& shape) {
  const auto make = [shape] {
    const auto in = std::make_shared<Input>(make_input(shape));
    const auto prepare = [=](Device& device) -> Call {
      std::vector<int32_t> spans;
      for (size_t i = 0; i + 1 < in->cu.size(); ++i)
        spans.insert(spans.end(), {in->cu[i], in->cu[i + 1]});
      const int count = static_cast<int>(shape.segment.size()),
                length = shape.length();
      const auto q = device.upload(in->q), k = device.upload(in->k),
                 v = device.upload(in->v),
                 gradient = device.upload(in->gradient);
      const auto segment = device.upload(shape.segment),
                 ends = device.upload(spans);
      const auto out = nan_output(device, static_cast<size_t>(count * length));
      return {[=, &device] {
                if constexpr (kCudaBuilt)
                  kernels::relevance_cuda(
                      {q.data(), k.data(), v.data(), nullptr, segment.data(),
                       gradient.data(), count, shape.heads, shape.head_width,
                       length, out.data()},
                      ends.data(), device.stream());
              },
              [=, &device] { return device.download(out); }};
    };
    return Work{on_cuda(prepare), [=] { return reference(shape, *in); }};
  };
  const bool wide = shape.values == Values::kWide;
  cases.push_back(
      {std::string("relevance_cuda/") + shape.name,
       wide ? absolute(
                  2e-5,
                  "exp() turns the absolute error of logits up to 80 into a "
                  "relative error")
            : absolute(2e-6, "fp32 sums of 64 products, and their softmax"),
       make});
}

void add_cases(Cases& cases) {
  const std::vector<int> two_images{226, 5, 10, 226, 5};
  const std::vector<Shape> shapes{
      {"image of 226, 14 heads of 64", {226}, {0}, 14, 64},
      {"two images between windows, 2 gradients each",
       two_images,
       {3, 0, 0, 3},
       14,
       64},
      {"windows of 5 at different offsets", two_images, {4, 1}, 3, 16},
      {"no gradient", two_images, {}, 3, 16},
      {"one row", {1}, {0}, 1, 1},
      {"one head of 7", {33}, {0}, 1, 7},
      {"8 heads of 1", {17, 17}, {1, 0}, 8, 1},
      {"logits up to 80", two_images, {0, 3}, 4, 64, Values::kWide},
      {"zero gradients", two_images, {0, 3}, 4, 64, Values::kZeroGradient},
      {"negative gradients", two_images, {0, 3}, 4, 64, Values::kNegative},
      {"zero queries", two_images, {0, 3}, 4, 64, Values::kZeroQueries},
  };
  for (const Shape& shape : shapes) add_cuda(cases, shape);
  for (const Shape& shape : shapes) {
    const auto make = [shape] {
      const auto in = std::make_shared<Input>(make_input(shape));
      const int length = shape.length();
      return Work{
          on_cpu([=] {
            std::vector<float> out(shape.segment.size() * length, -1.0f);
            kernels::relevance(
                {in->q.data(), in->k.data(), in->v.data(), in->cu.data(),
                 shape.segment.data(), in->gradient.data(),
                 static_cast<int>(shape.segment.size()), shape.heads,
                 shape.head_width, length, out.data()});
            return out;
          }),
          [=] { return reference(shape, *in); }};
    };
    const double rows =
        shape.segment.empty()
            ? 0
            : 1.0 * shape.segment.size() * shape.lengths[shape.segment[0]];
    cases.push_back({std::string("relevance/") + shape.name,
                     ulps(0.51, "computed in double, rounded once to float"),
                     make, 4 * rows * shape.heads * shape.head_width,
                     8 * rows * shape.heads * shape.head_width});
  }
}

const CaseGroup group("relevance", add_cases);

}  // namespace

}  // namespace alfa::check
