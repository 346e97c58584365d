// The operations between two 8-bit matmuls. The reference does not quantise.
// The dequantised output may differ from it by half a step of its row, and by
// the rounding of fp32.
#include <cmath>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/random.h"
#include "check/registry.h"
#include "check/variants.h"

namespace alfa::check {
namespace {

using kernels::Activation;
using kernels::Epilogue;

struct Shape {
  ptrdiff_t rows, width;
  bool accumulators, residual, norm;
  Activation activation;
  bool quantise;
};

struct Data {
  std::vector<float> x, row_scale, column_scale, bias, residual, norm_weight,
      norm_bias;
  std::vector<int32_t> accumulators;
};

Data data_of(const Shape& s) {
  Random random(91);
  const auto n = static_cast<size_t>(s.rows), w = static_cast<size_t>(s.width);
  Data d;
  d.x = random.normals(n * w);
  d.row_scale = random.normals(n, 0.01);
  d.column_scale = random.normals(w, 0.01);
  for (float& v : d.row_scale) v = std::fabs(v) + 1e-4f;
  for (float& v : d.column_scale) v = std::fabs(v) + 1e-4f;
  d.bias = random.normals(w, 0.5);
  d.residual = random.normals(n * w);
  d.norm_weight = random.normals(w);
  d.norm_bias = random.normals(w, 0.3);
  for (size_t i = 0; i < n * w; ++i)
    d.accumulators.push_back(random.below(40001) - 20000);
  return d;
}

Epilogue task_of(const Shape& s, const Data& d) {
  Epilogue p{.rows = s.rows, .width = s.width};
  if (s.accumulators) {
    p.accumulators = d.accumulators.data();
    p.row_scale = d.row_scale.data();
    p.column_scale = d.column_scale.data();
    p.bias = d.bias.data();
  } else {
    p.x = d.x.data();
  }
  if (s.residual) p.residual = d.residual.data();
  if (s.norm) {
    p.norm_weight = d.norm_weight.data();
    p.norm_bias = d.norm_bias.data();
    p.epsilon = 1e-5f;
  }
  p.activation = s.activation;
  return p;
}

// The row before quantisation. `sum` is the row before LayerNorm and
// activation.
std::vector<double> row_of(const Shape& s, const Data& d, ptrdiff_t row,
                           std::vector<double>* sum = nullptr) {
  std::vector<double> x;
  for (ptrdiff_t i = 0; i < s.width; ++i) {
    const auto at = static_cast<size_t>(row * s.width + i),
               column = static_cast<size_t>(i);
    double v = s.accumulators ? double(d.accumulators[at]) *
                                        d.row_scale[static_cast<size_t>(row)] *
                                        d.column_scale[column] +
                                    d.bias[column]
                              : d.x[at];
    x.push_back(v + (s.residual ? d.residual[at] : 0.0f));
  }
  if (sum) *sum = x;
  if (s.norm) {
    double mean = 0, variance = 0;
    for (const double v : x) mean += v / static_cast<double>(s.width);
    for (const double v : x)
      variance += (v - mean) * (v - mean) / static_cast<double>(s.width);
    for (ptrdiff_t i = 0; i < s.width; ++i)
      x[static_cast<size_t>(i)] = (x[static_cast<size_t>(i)] - mean) /
                                      std::sqrt(variance + 1e-5) *
                                      d.norm_weight[static_cast<size_t>(i)] +
                                  d.norm_bias[static_cast<size_t>(i)];
  }
  for (double& v : x) {
    if (s.activation == Activation::kGelu)
      v = 0.5 * v * std::erfc(-v / std::sqrt(2.0));
    if (s.activation == Activation::kQuickGelu) v /= 1 + std::exp(-1.702 * v);
  }
  return x;
}

void add(Cases& cases, const std::string& what, const Shape& s,
         EpilogueKernel kernel) {
  const auto make = [=] {
    const auto d = std::make_shared<Data>(data_of(s));
    const auto count = static_cast<size_t>(s.rows * s.width);
    Work work;
    work.prepare = [=](Device& device) -> Call {
      if (device.is_cuda()) return {};
      const auto sum = std::make_shared<std::vector<float>>(s.residual ? count
                                                                       : 0),
                 out = std::make_shared<std::vector<float>>(s.quantise ? 0
                                                                       : count),
                 scale = std::make_shared<std::vector<float>>(
                     s.quantise ? s.rows : 0);
      const auto q =
          std::make_shared<std::vector<uint8_t>>(s.quantise ? count : 0);
      return {
          [=, &device] {
            Epilogue p = task_of(s, *d);
            if (s.residual) p.sum = sum->data();
            if (s.quantise) {
              p.quantised = q->data();
              p.scale = scale->data();
            } else {
              p.out = out->data();
            }
            kernel(p, device.parallel_for());
          },
          [=] {
            std::vector<float> all = *sum;
            // In steps of the row, so that one tolerance fits all rows.
            if (s.quantise)
              for (const uint8_t v : *q)
                all.push_back(static_cast<float>(v) - kernels::kQuantisedZero);
            else
              all.insert(all.end(), out->begin(), out->end());
            return all;
          }};
    };
    work.reference = [=] {
      std::vector<double> sums, all;
      for (ptrdiff_t row = 0; row < s.rows; ++row) {
        std::vector<double> sum;
        std::vector<double> x = row_of(s, *d, row, &sum);
        if (s.residual) sums.insert(sums.end(), sum.begin(), sum.end());
        double most = 0;
        for (const double v : x) most = std::max(most, std::fabs(v));
        for (const double v : x)
          all.push_back(s.quantise ? (most > 0 ? 127 * v / most : 0) : v);
      }
      sums.insert(sums.end(), all.begin(), all.end());
      return sums;
    };
    return work;
  };
  const bool gelu = s.activation == Activation::kGelu;
  const auto tolerance =
      s.quantise
          ? gelu ? absolute(0.5 + 1e-2,
                            "half a step, and an error of 5e-5 of GELU")
                 : absolute(0.5 + 2e-3, "half a step, and the rounding of fp32")
      : gelu
          ? absolute(
                6e-5,
                "a polynomial of 9 terms, whose results are rounded to 8 bits")
          : absolute(1e-5, "fp32 sums over a row");
  cases.push_back(
      {what + ", " + std::to_string(s.rows) + " x " + std::to_string(s.width),
       tolerance, make, 0,
       static_cast<double>(s.rows * s.width) *
           (4 + 4 * s.residual * 2 + (s.quantise ? 1 : 4))});
}

// Rows with one value, with zeros, or with a value that is not finite. q and
// scale must be as epilogue.h says.
void add_special(Cases& cases, const std::string& what, float value, double q,
                 double scale) {
  const auto make = [=] {
    const auto run = [=] {
      std::vector<float> x(37, value), step(1), all;
      if (!std::isfinite(value)) x.assign(37, 0.5f), x[20] = value;
      std::vector<uint8_t> bytes(37);
      Epilogue p{.rows = 1, .width = 37};
      p.x = x.data();
      p.quantised = bytes.data();
      p.scale = step.data();
      kernels::epilogue(p, make_parallel_for(1));
      all.assign(bytes.begin(), bytes.end());
      all.push_back(std::isfinite(step[0]) ? step[0] : -1.0f);
      return all;
    };
    return Work{on_cpu(run), [=] {
                  std::vector<double> all(37, q);
                  all.push_back(scale);
                  return all;
                }};
  };
  cases.push_back(
      {"epilogue/" + what, absolute(1e-8, "one rounding"), make, 0, 0});
}

}  // namespace

void add_epilogue_cases(Cases& cases, const std::string& prefix,
                        EpilogueKernel kernel,
                        std::initializer_list<ptrdiff_t> widths) {
  for (const ptrdiff_t width : widths) {
    const ptrdiff_t rows = width > 100 ? 100 : 33;
    const auto case_of = [&](const char* what, bool accumulators, bool norm,
                             Activation activation, bool to_8_bits) {
      add(cases, prefix + what,
          {rows, width, accumulators, norm, norm, activation, to_8_bits},
          kernel);
    };
    case_of("quantise", false, false, Activation::kNone, true);
    case_of("dequantise", true, false, Activation::kNone, false);
    case_of("gelu, quantise", true, false, Activation::kGelu, true);
    case_of("quick gelu, quantise", true, false, Activation::kQuickGelu, true);
    case_of("gelu", true, false, Activation::kGelu, false);
    case_of("quick gelu", true, false, Activation::kQuickGelu, false);
    if (width < 2) continue;  // a row of one has no variance
    case_of("residual, norm", true, true, Activation::kNone, false);
    case_of("residual, norm, quantise", true, true, Activation::kNone, true);
  }
}

namespace {

void add_cases(Cases& cases) {
  add_epilogue_cases(cases, "epilogue/", kernels::epilogue,
                     {896, 3584, 64, 37, 16, 1});
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  add_special(cases, "a row of zeros", 0, 128, 0);
  add_special(cases, "a row of one value", 2.54f, 255, 0.02);
  add_special(cases, "a row of one negative value", -2.54f, 1, 0.02);
  add_special(cases, "a NaN gives a scale of NaN", std::nanf(""), 128, -1);
  add_special(cases, "an infinity gives a scale of NaN", kInfinity, 128, -1);
  add_special(cases, "a negative infinity gives a scale of NaN", -kInfinity,
              128, -1);
}

const CaseGroup group("epilogue", add_cases);

}  // namespace

}  // namespace alfa::check
