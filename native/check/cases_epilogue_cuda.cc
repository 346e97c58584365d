// The operations between two matmuls on CUDA. References of the same formulas
// read the inputs after their rounding to fp16.
#include <cmath>
#include <limits>
#include <memory>

#include "check/call.h"
#include "check/elements.h"
#include "check/random.h"
#include "check/registry.h"
#include "kernels/epilogue/epilogue_cuda.h"

namespace alfa::check {
namespace {

using kernels::Activation;
using kernels::Element;

constexpr float kNan =
    std::numeric_limits<float>::quiet_NaN();  // of outputs that were not
                                              // written
constexpr Element kBoth[] = {Element::kFloat, Element::kHalf};

std::string size_of(ptrdiff_t rows, ptrdiff_t width, Element element) {
  return ", " + std::to_string(rows) + " x " + std::to_string(width) + " " +
         name_of(element);
}

// `fp32`: the error of float arithmetic. fp16 outputs may be rounded in
// addition.
Tolerance tolerance(Element out, double fp32, const char* reason) {
  return out == Element::kHalf ? beyond_half(fp32, reason)
                               : absolute(fp32, reason);
}

struct Norm {
  const char* name;
  ptrdiff_t rows, width;
  Element element;
  bool bias, residual, gathered, sum,
      in_place;       // in_place: the sum replaces the residual
  double offset = 0;  // of x
  bool heavy = false;
};

void add_norm(Cases& cases, const Norm& s) {
  const auto make = [s] {
    struct Data {
      std::vector<float> x, bias, residual, norm_weight, norm_bias;
      std::vector<int32_t> rows;
    };
    Random random(17);
    const auto d = std::make_shared<Data>();
    const auto n = static_cast<size_t>(s.rows),
               w = static_cast<size_t>(s.width);
    const size_t sources = s.gathered ? n / 2 + 1 : n;
    d->x = random.normals(n * w);
    for (float& v : d->x) v += static_cast<float>(s.offset);
    d->x = rounded(s.element, d->x);
    d->bias = random.normals(w, 0.5);
    d->residual = rounded(s.element, random.normals(sources * w, 2));
    d->norm_weight = random.normals(w);
    d->norm_bias = random.normals(w, 0.3);
    for (size_t i = 0; i < n; ++i)
      d->rows.push_back(random.below(static_cast<int>(sources)));
    Work work;
    work.prepare = [=](Device& device) -> Call {
      if constexpr (kCudaBuilt) {
        if (device.is_cuda()) {
          const std::vector<float> empty(n * w, kNan);
          const auto x = upload(device, s.element, d->x),
                     residual = upload(device, s.element, d->residual);
          const auto sum = s.in_place ? residual
                                      : upload(device, s.element, empty),
                     out = upload(device, s.element, empty);
          const auto bias = device.upload(d->bias),
                     norm_weight = device.upload(d->norm_weight),
                     norm_bias = device.upload(d->norm_bias);
          const auto rows = device.upload(d->rows);
          return {
              [=, &device] {
                kernels::residual_norm_cuda(
                    {s.element, x.data(), s.bias ? bias.data() : nullptr,
                     s.residual ? residual.data() : nullptr,
                     s.gathered ? rows.data() : nullptr, norm_weight.data(),
                     norm_bias.data(), 1e-5f, s.rows, static_cast<int>(s.width),
                     s.sum ? sum.data() : nullptr, out.data()},
                    device.stream());
              },
              [=, &device] {
                std::vector<float> all = download(device, out);
                if (s.sum)
                  for (const float v : download(device, sum)) all.push_back(v);
                return all;
              }};
        }
      }
      return {};
    };
    work.reference = [=] {
      std::vector<double> out, sums;
      for (size_t r = 0; r < n; ++r) {
        std::vector<double> x;
        double mean = 0, variance = 0;
        for (size_t i = 0; i < w; ++i) {
          const size_t source =
              s.gathered ? static_cast<size_t>(d->rows[r]) : r;
          x.push_back(double(d->x[r * w + i]) + (s.bias ? d->bias[i] : 0.0f) +
                      (s.residual ? d->residual[source * w + i] : 0.0f));
          mean += x.back() / static_cast<double>(w);
        }
        for (const double v : x)
          variance += (v - mean) * (v - mean) / static_cast<double>(w);
        for (size_t i = 0; i < w; ++i)
          out.push_back((x[i] - mean) / std::sqrt(variance + 1e-5) *
                            d->norm_weight[i] +
                        d->norm_bias[i]);
        sums.insert(sums.end(), x.begin(), x.end());
      }
      if (s.sum) out.insert(out.end(), sums.begin(), sums.end());
      return out;
    };
    return work;
  };
  const double limit = s.offset == 0 ? 1e-5 : 3e-4;
  const char* reason = s.offset == 0 ? "fp32 sums over a row"
                                     : "the last place of x near 1,000 is "
                                       "6e-5, and so is that of its mean";
  const double bytes = static_cast<double>(s.rows * s.width) *
                       bytes_of(s.element) * (2 + s.residual + s.sum);
  cases.push_back({"residual_norm/" + std::string(s.name) +
                       size_of(s.rows, s.width, s.element),
                   tolerance(s.element, limit, reason), make, 0, bytes,
                   s.heavy});
}

double activated(Activation activation, double v) {
  if (activation == Activation::kGelu)
    return 0.5 * v * std::erfc(-v / std::sqrt(2.0));
  if (activation == Activation::kQuickGelu)
    return v / (1 + std::exp(-1.702 * v));
  return v;
}

void add_activation(Cases& cases, const char* name, ptrdiff_t rows,
                    ptrdiff_t width, Element element, Activation activation,
                    bool with_bias, bool heavy = false) {
  const auto make = [=] {
    Random random(23);
    const auto n = static_cast<size_t>(rows), w = static_cast<size_t>(width);
    const auto x = std::make_shared<std::vector<float>>(
        rounded(element, random.normals(n * w, 2)));
    const auto b = std::make_shared<std::vector<float>>(random.normals(w));
    Work work;
    work.prepare = [=](Device& device) -> Call {
      if constexpr (kCudaBuilt) {
        if (device.is_cuda()) {
          const auto in = upload(device, element, *x),
                     out = with_bias ? upload(device, element,
                                              std::vector<float>(n * w, kNan))
                                     : in;  // in place
          const auto bias = device.upload(*b);
          return {[=, &device] {
                    kernels::bias_activation_cuda(
                        element, in.data(), with_bias ? bias.data() : nullptr,
                        rows, static_cast<int>(width), activation, out.data(),
                        device.stream());
                  },
                  [=, &device] { return download(device, out); }};
        }
      }
      return {};
    };
    work.reference = [=] {
      std::vector<double> out;
      for (size_t i = 0; i < n * w; ++i)
        out.push_back(activated(
            activation, double((*x)[i]) + (with_bias ? (*b)[i % w] : 0.0f)));
      return out;
    };
    return work;
  };
  cases.push_back(
      {"bias_activation/" + std::string(name) +
           (with_bias ? "" : ", no bias, in place") +
           size_of(rows, width, element),
       tolerance(
           element, 4e-6,
           "erf has an error of 1.5e-7, exp of a GPU about 2^-20 of its value"),
       make, 0, 2.0 * static_cast<double>(rows * width) * bytes_of(element),
       heavy});
}

// An operator with one input: launch(device, in, out).
template <typename Launch>
void add_simple(Cases& cases, const std::string& name, std::vector<float> x,
                Element in_element, size_t out_size, Element out_element,
                Tolerance limit, std::vector<double> reference, Launch launch) {
  const auto make = [=] {
    Work work;
    work.prepare = [=](Device& device) -> Call {
      if constexpr (kCudaBuilt) {
        if (device.is_cuda()) {
          const auto in = upload(device, in_element, x),
                     out = upload(device, out_element,
                                  std::vector<float>(out_size, kNan));
          return {[=, &device] { launch(device, in.data(), out.data()); },
                  [=, &device] { return download(device, out); }};
        }
      }
      return {};
    };
    work.reference = [=] { return reference; };
    return work;
  };
  cases.push_back({name, limit, make, 0,
                   static_cast<double>(x.size() * bytes_of(in_element) +
                                       out_size * bytes_of(out_element))});
}

void add_unit_rows(Cases& cases, ptrdiff_t rows, ptrdiff_t width, Element in,
                   Element out) {
  Random random(29);
  const auto n = static_cast<size_t>(rows), w = static_cast<size_t>(width);
  std::vector<float> x = rounded(in, random.normals(n * w, 3));
  std::fill_n(x.begin() + static_cast<ptrdiff_t>(n / 2 * w), w, 0.0f);
  std::vector<double> reference;
  for (size_t r = 0; r < n; ++r) {
    double squares = 0;
    for (size_t i = 0; i < w; ++i)
      squares += double(x[r * w + i]) * x[r * w + i];
    for (size_t i = 0; i < w; ++i)
      reference.push_back(squares > 0 ? x[r * w + i] / std::sqrt(squares) : 0);
  }
  add_simple(cases,
             std::string("unit_rows/with a zero row") +
                 size_of(rows, width, in) + " to " + name_of(out),
             x, in, n * w, out, tolerance(out, 2e-6, "an fp32 sum of squares"),
             reference, [=](Device& device, const void* from, void* to) {
               if constexpr (kCudaBuilt)
                 kernels::unit_rows_cuda(in, from, rows,
                                         static_cast<int>(width), out, to,
                                         device.stream());
             });
}

void add_gather(Cases& cases, ptrdiff_t sources, ptrdiff_t rows,
                ptrdiff_t width, Element element) {
  Random random(31);
  const auto w = static_cast<size_t>(width);
  const std::vector<float> x =
      rounded(element, random.normals(static_cast<size_t>(sources) * w));
  std::vector<int32_t> from;
  std::vector<double> reference;
  for (ptrdiff_t i = 0; i < rows; ++i) {
    from.push_back(random.below(static_cast<int>(sources)));
    for (size_t c = 0; c < w; ++c)
      reference.push_back(x[static_cast<size_t>(from.back()) * w + c]);
  }
  const auto held = std::make_shared<DeviceArray<int32_t>>();
  add_simple(cases,
             "gather_rows/from " + std::to_string(sources) +
                 size_of(rows, width, element),
             x, element, static_cast<size_t>(rows) * w, element,
             exact("a copy"), reference,
             [=](Device& device, const void* in, void* out) {
               if (!held->memory) *held = device.upload(from);
               if constexpr (kCudaBuilt)
                 kernels::gather_rows_cuda(element, in, held->data(), rows,
                                           static_cast<int>(width), out,
                                           device.stream());
             });
}

void add_convert(Cases& cases, size_t count, Element in, Element out) {
  Random random(37);
  const std::vector<float> x = rounded(in, random.normals(count, 100)),
                           y = rounded(out, x);
  add_simple(cases,
             std::string("convert/") + name_of(in) + " to " + name_of(out) +
                 ", " + std::to_string(count),
             x, in, count, out, exact("one rounding"),
             std::vector<double>(y.begin(), y.end()),
             [=](Device& device, const void* from, void* to) {
               if constexpr (kCudaBuilt)
                 kernels::convert_cuda(in, from, out, to,
                                       static_cast<int64_t>(count),
                                       device.stream());
             });
}

void add_cases(Cases& cases) {
  for (const Element element : kBoth) {
    for (const ptrdiff_t width :
         {896, 768, 1024, 1280, 2048, 2056, 4096, 37, 8, 1}) {
      const ptrdiff_t rows = width > 100 ? 11 : 33;
      add_norm(cases, {"bias, residual, sum", rows, width, element, true, true,
                       false, true, false});
      add_norm(cases, {"norm only", rows, width, element, false, false, false,
                       false, false});
    }
    for (const ptrdiff_t width : {896, 2100}) {
      add_norm(cases, {"gathered residual", 21, width, element, true, true,
                       true, true, false});
      add_norm(cases, {"sum replaces the residual", 21, width, element, false,
                       true, false, true, true});
    }
    add_norm(cases, {"far from zero", 21, 896, element, false, false, false,
                     false, false, 1000});
    add_norm(cases, {"one image, bias, residual, sum", 2896, 896, element, true,
                     true, false, true, false, 0, true});
    add_norm(cases, {"16 images, bias, residual, sum", 16 * 2896, 896, element,
                     true, true, false, true, false, 0, true});
    for (const ptrdiff_t width : {3584, 512, 37, 4, 1}) {
      const ptrdiff_t rows = width > 100 ? 19 : 133;
      add_activation(cases, "bias", rows, width, element, Activation::kNone,
                     true);
      add_activation(cases, "gelu", rows, width, element, Activation::kGelu,
                     true);
      add_activation(cases, "gelu", rows, width, element, Activation::kGelu,
                     false);
      add_activation(cases, "quick gelu", rows, width, element,
                     Activation::kQuickGelu, true);
    }
    add_activation(cases, "one image, gelu", 2896, 3584, element,
                   Activation::kGelu, true, true);
    for (const Element out : kBoth) {
      add_unit_rows(cases, 33, 640, element, out);
      add_unit_rows(cases, 5, 37, element, out);
      for (const size_t count : {1u, 7u, 8u, 4099u})
        add_convert(cases, count, element, out);
    }
    add_gather(cases, 226, 300, 896, element);
    add_gather(cases, 3, 17, 37, element);
  }
}

const CaseGroup group("epilogue_cuda", add_cases);

}  // namespace

}  // namespace alfa::check
