#include <cmath>
#include <memory>

#include "check/random.h"
#include "check/registry.h"
#include "check/segment_lengths.h"
#include "check/variants.h"

namespace alfa::check {
namespace {

struct Shape {
  const char* name;
  std::vector<int> lengths;
  int heads, width;
  double logits = 1;  // standard deviation
};

struct Input {
  std::vector<float> q, x;
  std::vector<int32_t> cu{0};
};

std::vector<double> reference(const Shape& s, const Input& in, float scale) {
  const int segments = static_cast<int>(s.lengths.size());
  std::vector<double> out;
  for (int h = 0; h < s.heads; ++h) {
    for (int g = 0; g < segments; ++g) {
      const float* q =
          in.q.data() + (static_cast<size_t>(h) * segments + g) * s.width;
      const auto row = [&](int j) {
        return in.x.data() + static_cast<size_t>(in.cu[g] + j) * s.width;
      };
      std::vector<double> logit;
      for (int j = 0; j < s.lengths[g]; ++j) {
        double dot = 0;
        for (int e = s.width - 1; e >= 0; --e)
          dot += static_cast<double>(q[e]) * row(j)[e];
        logit.push_back(dot * scale);
      }
      for (int e = 0; e < s.width; ++e) {
        double sum = 0;
        for (int j = 0; j < s.lengths[g]; ++j) {
          double inverse = 0;
          for (const double other : logit)
            inverse += std::exp(other - logit[j]);
          sum += row(j)[e] / inverse;
        }
        out.push_back(sum);
      }
    }
  }
  return out;
}

void add(Cases& cases, const std::string& name,
         AbsorbedAttentionFunction kernel, const Shape& s) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.width));
  const auto make = [=] {
    const auto in = std::make_shared<Input>();
    for (const int length : s.lengths) in->cu.push_back(in->cu.back() + length);
    in->q = Random(91).normals(
        s.lengths.size() * static_cast<size_t>(s.heads * s.width), s.logits);
    in->x = Random(92).normals(static_cast<size_t>(in->cu.back()) *
                               static_cast<size_t>(s.width));
    const auto out = std::make_shared<std::vector<float>>(in->q.size());
    const auto prepare = [=](Device& device) -> Call {
      if (device.is_cuda()) return {};
      return {[=, &device] {
                kernel({in->q.data(), in->x.data(), in->cu.data(),
                        static_cast<int>(s.lengths.size()), s.heads, s.width,
                        scale, out->data()},
                       device.parallel_for());
              },
              [=] { return *out; }};
    };
    return Work{prepare, [=] { return reference(s, *in, scale); }};
  };
  double rows = 0;
  for (const int length : s.lengths) rows += length;
  cases.push_back(
      {name + s.name,
       s.logits > 1
           ? absolute(
                 1e-4,
                 "exp() turns the absolute error of logits up to 80 into a "
                 "relative error")
           : absolute(5e-6, "fp32 sums and exponentials"),
       make, 4 * rows * s.heads * s.width,
       4.0 * (rows + 2.0 * static_cast<double>(s.lengths.size()) * s.heads) *
           s.width});
}

}  // namespace

void add_absorbed_attention_cases(Cases& cases, const std::string& prefix,
                                  AbsorbedAttentionFunction kernel) {
  add(cases, prefix, kernel,
      {"mixed lengths, 3 heads over 96", {1, 5, 10, 33, 2, 4}, 3, 96});
  add(cases, prefix, kernel,
      {"mixed lengths, 2 heads over 37", {7, 3, 1}, 2, 37});
}

namespace {

void add_cases(Cases& cases) {
  const std::string prefix = "absorbed_attention/";
  add(cases, prefix, kernels::absorbed_attention,
      {"image and windows, 14 heads over 896", images_and_windows(1), 14, 896});
  add(cases, prefix, kernels::absorbed_attention, {"one row", {1}, 4, 64});
  add(cases, prefix, kernels::absorbed_attention,
      {"logits up to 80", {33, 5}, 4, 64, 20});
  add_absorbed_attention_cases(cases, prefix, kernels::absorbed_attention);
}

const CaseGroup group("absorbed_attention", add_cases);

}  // namespace

}  // namespace alfa::check
