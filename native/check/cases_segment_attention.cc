// On the CPU in fp32. On CUDA in fp32 and fp16, with and without biases.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check/call.h"
#include "check/elements.h"
#include "check/random.h"
#include "check/registry.h"
#include "check/segment_lengths.h"
#include "kernels/segment_attention/segment_attention_cuda.h"

namespace alfa::check {
namespace {

using kernels::Element;
using kernels::Queries;

enum class Values {
  kNormal,  // q, k, v from N(0, 1): logits as in a trained tower
  kWide,    // q, k from N(0, 25): logits up to about +-80
  kSigns,   // logits of exactly +80 or -80
  kZero,    // q, k are 0: the mean of v
};

struct Shape {
  const char* name;
  std::vector<int> lengths;
  int heads, head_width;
  Queries queries = Queries::kAll;
  bool causal = false;
  Values values = Values::kNormal;
  int source_rows = 0;  // > 0: packed rows are gathered from this many rows
  Element element = Element::kFloat;
  bool biased = false;  // CUDA only
  bool heavy = false;
  bool accumulators =
      false;  // CPU only: q, k and v are the sums of an 8-bit matmul
  bool cpu() const { return element == Element::kFloat && !biased; }
};

struct Input {
  std::vector<float> q, kv;  // kAll: q empty, kv [rows, 3 * width]; kOne: q
                             // [segments, width], kv [rows, 2 * width]
  std::vector<float> q_bias, v_bias;
  std::vector<int32_t> accumulators;
  std::vector<float> row_scale, column_scale,
      bias;  // of accumulators; kv has the dequantised values
  std::vector<int32_t> cu, rows;
  int total = 0, width = 0;
};

void fill(std::vector<float>& data, size_t row, size_t from, size_t count,
          const Shape& shape, Random& random) {
  const double sign = random.bits() & 1 ? 1 : -1;
  for (size_t i = from; i < from + count; ++i) {
    double value = 0;
    if (shape.values == Values::kNormal) value = random.normal();
    if (shape.values == Values::kWide) value = 5 * random.normal();
    if (shape.values == Values::kSigns)
      value = sign * std::sqrt(80 / std::sqrt(shape.head_width));
    data[row + i] = static_cast<float>(value);
  }
}

Input make_input(const Shape& shape, uint64_t seed) {
  Random random(seed);
  Input input;
  input.width = shape.heads * shape.head_width;
  input.cu.push_back(0);
  for (const int length : shape.lengths)
    input.cu.push_back(input.total += length);
  const int rows = shape.source_rows > 0 ? shape.source_rows : input.total;
  for (int t = 0; shape.source_rows > 0 && t < input.total; ++t)
    input.rows.push_back(random.below(rows));
  const size_t width = input.width,
               scored = shape.queries == Queries::kAll ? 2 : 1;  // q and k | k
  if (shape.queries == Queries::kOne) {
    input.q.resize(shape.lengths.size() * width);
    for (size_t s = 0; s < shape.lengths.size(); ++s)
      fill(input.q, s * width, 0, width, shape, random);
  }
  const size_t stride = (scored + 1) * width;
  input.kv.resize(rows * stride);
  for (int r = 0; r < rows; ++r) {
    for (size_t part = 0; part < scored; ++part)
      fill(input.kv, r * stride, part * width, width, shape, random);
    for (size_t i = scored * width; i < stride; ++i)
      input.kv[r * stride + i] = static_cast<float>(random.normal());
  }
  if (shape.accumulators) {
    for (int r = 0; r < rows; ++r)
      input.row_scale.push_back(
          static_cast<float>(0.02 * random.uniform() + 0.005));
    for (size_t c = 0; c < stride; ++c)
      input.column_scale.push_back(
          static_cast<float>(0.02 * random.uniform() + 0.005));
    input.bias = random.normals(stride, 0.3);
    for (size_t i = 0; i < input.kv.size(); ++i) {
      const float scale =
          input.row_scale[i / stride] * input.column_scale[i % stride];
      input.accumulators.push_back(
          static_cast<int32_t>(std::lround(input.kv[i] / scale)));
      input.kv[i] = static_cast<float>(input.accumulators.back()) * scale +
                    input.bias[i % stride];
    }
  }
  input.q = rounded(shape.element, input.q);
  input.kv = rounded(shape.element, input.kv);
  if (shape.biased) {
    input.q_bias = random.normals(width, 0.5);
    input.v_bias = random.normals(width, 0.5);
  }
  return input;
}

// The task for these arrays, which hold the parts of `input`.
kernels::SegmentAttention describe(const Shape& shape, const Input& input,
                                   const float* q, const float* kv,
                                   const int32_t* cu, const int32_t* rows,
                                   float* out) {
  const bool all = shape.queries == Queries::kAll;
  const ptrdiff_t width = input.width, stride = (all ? 3 : 2) * width;
  return {all ? kv : q,
          kv + (all ? width : 0),
          kv + (all ? 2 : 1) * width,
          all ? stride : width,
          stride,
          cu,
          input.rows.empty() ? nullptr : rows,
          static_cast<int>(shape.lengths.size()),
          shape.heads,
          shape.head_width,
          shape.queries,
          shape.causal,
          out};
}

std::vector<double> reference(const Shape& shape, const Input& input) {
  const auto t = describe(shape, input, input.q.data(), input.kv.data(),
                          input.cu.data(), input.rows.data(), nullptr);
  const bool all = shape.queries == Queries::kAll;
  const int d = shape.head_width, width = input.width;
  std::vector<double> out((all ? input.total : shape.lengths.size()) *
                          static_cast<size_t>(width));
  const auto source = [&](int row) {
    return input.rows.empty() ? row : input.rows[row];
  };
  for (int s = 0; s < t.segments; ++s) {
    const int begin = input.cu[s], end = input.cu[s + 1];
    for (int row = begin; row < (all ? end : begin + 1); ++row) {
      const float* q = t.q + (all ? source(row) : s) * t.q_stride;
      double* o = out.data() + static_cast<size_t>(all ? row : s) * width;
      const int seen = shape.causal ? row + 1 : end;
      for (int head = 0; head < shape.heads; ++head) {
        std::vector<double> logit;
        for (int j = begin; j < seen; ++j) {
          double sum = 0;
          for (int e = head * d; e < (head + 1) * d; ++e)
            sum += (q[e] +
                    (shape.biased ? static_cast<double>(input.q_bias[e]) : 0)) *
                   t.k[source(j) * t.kv_stride + e];
          logit.push_back(sum / std::sqrt(static_cast<double>(d)));
        }
        const double top = *std::max_element(logit.begin(), logit.end());
        double total = 0;
        for (double& l : logit) total += l = std::exp(l - top);
        for (int j = begin; j < seen; ++j) {
          for (int e = head * d; e < (head + 1) * d; ++e)
            o[e] += logit[j - begin] / total * t.v[source(j) * t.kv_stride + e];
        }
        if (shape.biased)
          for (int e = head * d; e < (head + 1) * d; ++e)
            o[e] += input.v_bias[e];
      }
    }
  }
  return out;
}

Call prepare_cuda(Device& device, const Shape& shape, const Input& input,
                  size_t outputs) {
  const bool all = shape.queries == Queries::kAll;
  std::vector<int32_t> pairs;
  for (size_t s = 0; s + 1 < input.cu.size(); ++s) {
    for (int i = 0; i < (all ? shape.lengths[s] : 1); ++i)
      pairs.insert(pairs.end(), {input.cu[s], input.cu[s + 1]});
  }
  const auto q = upload(device, shape.element, input.q),
             kv = upload(device, shape.element, input.kv);
  const auto out = upload(
      device, shape.element,
      std::vector<float>(outputs, std::numeric_limits<float>::quiet_NaN()));
  const auto spans = device.upload(pairs), rows = device.upload(input.rows);
  const auto q_bias = device.upload(input.q_bias),
             v_bias = device.upload(input.v_bias);
  const auto* data = static_cast<const char*>(kv.data());
  const ptrdiff_t width = input.width, stride = (all ? 3 : 2) * width,
                  part = width * bytes_of(shape.element);
  const kernels::CudaSegmentAttention task{
      shape.element,
      all ? data : q.data(),
      data + (all ? part : 0),
      data + (all ? 2 : 1) * part,
      all ? stride : width,
      stride,
      shape.biased ? q_bias.data() : nullptr,
      shape.biased ? v_bias.data() : nullptr,
      spans.data(),
      input.rows.empty() ? nullptr : rows.data(),
      static_cast<int>(pairs.size() / 2),
      shape.heads,
      shape.head_width,
      shape.queries,
      shape.causal,
      out.data()};
  return {[=, &device] {
            (void)q, (void)kv, (void)spans, (void)rows, (void)q_bias,
                (void)v_bias;  // keeps the memory
            if constexpr (kCudaBuilt)
              kernels::segment_attention_cuda(task, device.stream());
          },
          [=, &device] { return download(device, out); }};
}

Call prepare(Device& device, const Shape& shape, const Input& input) {
  const size_t outputs =
      (shape.queries == Queries::kAll ? input.total : shape.lengths.size()) *
      static_cast<size_t>(input.width);
  if (device.is_cuda())
    return shape.accumulators ? Call{}
                              : prepare_cuda(device, shape, input, outputs);
  if (!shape.cpu()) return {};
  const auto q = device.upload(input.q), kv = device.upload(input.kv);
  const auto cu = device.upload(input.cu), rows = device.upload(input.rows);
  // NaN at first, to find elements that are not written.
  const auto out = device.upload(
      std::vector<float>(outputs, std::numeric_limits<float>::quiet_NaN()));
  auto task = describe(shape, input, q.data(), kv.data(), cu.data(),
                       rows.data(), out.data());
  const auto accumulators = device.upload(input.accumulators);
  const auto row_scale = device.upload(input.row_scale),
             column_scale = device.upload(input.column_scale),
             bias = device.upload(input.bias);
  if (shape.accumulators) {
    task.q = task.k = task.v = nullptr;
    task.accumulators = accumulators.data();
    task.row_scale = row_scale.data();
    task.column_scale = column_scale.data();
    task.bias = bias.data();
  }
  return {[=, &device] {
            (void)q, (void)kv, (void)cu, (void)rows, (void)accumulators,
                (void)row_scale, (void)column_scale,
                (void)bias;  // keeps the memory
            kernels::segment_attention(task, device.parallel_for());
          },
          [=, &device] { return device.download(out); }};
}

// The fp16 rounding of a weight w changes the output by 2^-11 of
// w * (value - output); with these weights, values are at most 2 from their
// mean. With a bias, q is rounded to fp16 after the addition. That changes a
// logit of 64 terms by about 0.001 in rare cases, and so the weights.
Tolerance tolerance_of_halves(const Shape& shape) {
  if (shape.values == Values::kZero)
    return beyond_half(2e-6, "fp32 mean of v, weights all 1");
  if (shape.biased)
    return beyond_half(4e-3, "weights and biased queries rounded to fp16");
  return beyond_half(shape.values == Values::kNormal ? 1e-3 : 1.4e-3,
                     "weights rounded to fp16");
}

Tolerance tolerance(const Shape& shape) {
  if (shape.element == Element::kHalf) return tolerance_of_halves(shape);
  if (shape.source_rows == 1)
    return absolute(3e-5,
                    "equal terms are all rounded the same way: length * 2^-24 "
                    "of the value");
  switch (shape.values) {
    case Values::kNormal:
      return absolute(4e-6,
                      "fp32 sums of head_width and length terms of size 1");
    case Values::kZero:
      return absolute(2e-6, "fp32 mean of v");
    default:
      return absolute(
          4e-4,
          "each rounding changes a logit of 80 by 80 * 2^-24, which "
          "exp() turns into a relative error");
  }
}

void add_cases(Cases& cases) {
  const std::vector<int> image = images_and_windows(1), prompts(16, 77),
                         mixed{1, 226, 5, 10, 1, 33};
  std::vector<Shape> shapes{
      {"image and windows, 14 heads of 64", image, 14, 64},
      {"image and windows, rows gathered from 226", image, 14, 64,
       Queries::kAll, false, Values::kNormal, 226},
      {"image and windows, class queries", image, 14, 64, Queries::kOne},
      {"image and windows, class queries, rows gathered", image, 14, 64,
       Queries::kOne, false, Values::kNormal, 226},
      {"16 prompts of 77, causal, 10 heads of 64", prompts, 10, 64,
       Queries::kAll, true},
      {"16 prompts of 77, last queries", prompts, 10, 64, Queries::kOne},
      {"one segment of 2,048",
       {2048},
       2,
       64,
       Queries::kAll,
       false,
       Values::kNormal,
       0,
       Element::kFloat,
       false,
       true},
      {"one segment of 2,048, causal", {2048}, 1, 64, Queries::kAll, true},
      {"40 segments of 1", std::vector<int>(40, 1), 3, 64},
      {"40 segments of 1, class queries", std::vector<int>(40, 1), 3, 64,
       Queries::kOne},
      {"one segment of 1, causal", {1}, 1, 16, Queries::kAll, true},
      {"33 segments of 5", std::vector<int>(33, 5), 2, 64},
      {"31 segments of 10", std::vector<int>(31, 10), 2, 64},
      {"mixed lengths, heads of 16", mixed, 4, 16},
      {"mixed lengths, heads of 32", mixed, 3, 32},
      {"mixed lengths, heads of 80", mixed, 2, 80},
      {"mixed lengths, heads of 80, causal, rows gathered", mixed, 2, 80,
       Queries::kAll, true, Values::kNormal, 50},
      {"mixed lengths, heads of 16, class queries", mixed, 4, 16,
       Queries::kOne},
      {"mixed lengths, one source row for all", mixed, 2, 64, Queries::kAll,
       false, Values::kNormal, 1},
      {"logits up to 80", mixed, 2, 64, Queries::kAll, false, Values::kWide},
      {"logits up to 80, causal", mixed, 2, 64, Queries::kAll, true,
       Values::kWide},
      {"logits +80 or -80", mixed, 2, 64, Queries::kAll, false, Values::kSigns},
      {"logits +80 or -80, heads of 16, class queries", mixed, 2, 16,
       Queries::kOne, false, Values::kSigns},
      {"zero queries and keys", mixed, 2, 64, Queries::kAll, false,
       Values::kZero},
  };
  std::vector<int> rising;
  for (int n = 1; n <= 40; ++n) rising.push_back(n);
  shapes.push_back({"lengths 1 to 40", rising, 1, 64});
  shapes.push_back(
      {"lengths 1 to 40, causal", rising, 1, 64, Queries::kAll, true});
  for (Shape shape : std::vector<Shape>(shapes)) {
    shape.element = Element::kHalf;
    shape.heavy = false;
    shapes.push_back(shape);
  }
  for (Shape shape : {Shape{"image and windows, accumulators", image, 14, 64},
                      Shape{"lengths 1 to 40, accumulators", rising, 2, 37}}) {
    shape.accumulators = true;
    shapes.push_back(shape);
  }
  // CUDA only: biases, and lengths around tiles of 16 rows.
  for (const Element element : {Element::kFloat, Element::kHalf}) {
    for (const int head_width : {64, 32, 80, 72, 37, 128, 256})
      shapes.push_back({"mixed lengths, biases", mixed, 2, head_width,
                        Queries::kAll, false, Values::kNormal, 0, element,
                        true});
    shapes.push_back({"mixed lengths, biases, causal, rows gathered", mixed, 2,
                      64, Queries::kAll, true, Values::kNormal, 50, element,
                      true});
    shapes.push_back({"mixed lengths, biases, class queries", mixed, 2, 64,
                      Queries::kOne, false, Values::kNormal, 0, element, true});
    shapes.push_back({"lengths 1 to 40, biases", rising, 1, 64, Queries::kAll,
                      false, Values::kNormal, 0, element, true});
    shapes.push_back({"lengths 1 to 40, biases, causal", rising, 1, 32,
                      Queries::kAll, true, Values::kNormal, 0, element, true});
    for (const int images : {1, 16}) {
      const char* name = images == 1 ? "1 image and windows, biases"
                                     : "16 images and windows, biases";
      shapes.push_back({name, images_and_windows(images), 14, 64, Queries::kAll,
                        false, Values::kNormal, 0, element, true, true});
      const char* pooled = images == 1 ? "1 image and windows, class queries"
                                       : "16 images and windows, class queries";
      shapes.push_back({pooled, images_and_windows(images), 14, 64,
                        Queries::kOne, false, Values::kNormal, 0, element, true,
                        true});
    }
  }
  uint64_t seed = 1000;
  for (const Shape& shape : shapes) {
    ++seed;
    double pairs = 0, total = 0;  // pairs of query and key; rows
    for (const double n : shape.lengths) {
      pairs += shape.queries == Queries::kOne ? n
               : shape.causal                 ? n * (n + 1) / 2
                                              : n * n;
      total += n;
    }
    const double width = shape.heads * shape.head_width;
    const auto make = [shape, seed] {
      const auto input = std::make_shared<Input>(make_input(shape, seed));
      return Work{
          [=](Device& device) { return prepare(device, shape, *input); },
          [=] { return reference(shape, *input); }};
    };
    const double arrays =
        shape.queries == Queries::kAll
            ? 4 * total
            : 2 * (total + static_cast<double>(shape.lengths.size()));
    const std::string widths =
        shape.biased ? ", heads of " + std::to_string(shape.head_width) : "";
    const std::string element =
        shape.cpu() ? "" : std::string(", ") + name_of(shape.element);
    cases.push_back(
        {std::string("segment_attention/") + shape.name + widths + element,
         tolerance(shape), make, 4 * pairs * width,
         arrays * width * bytes_of(shape.element), shape.heavy});
  }
}

const CaseGroup group("segment_attention", add_cases);

}  // namespace

}  // namespace alfa::check
