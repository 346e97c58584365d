#include "runtime/cuda/operators.h"

#include <functional>
#include <string>

#include "kernels/epilogue/epilogue_cuda.h"
#include "kernels/relevance/relevance_cuda.h"
#include "kernels/segment_attention/segment_attention_cuda.h"
#include "runtime/operator_tools.h"

namespace alfa {
namespace {

using kernels::Element;
using kernels::Queries;

// One call of an operator. Inputs and outputs have indices.
struct Call {
  explicit Call(OrtKernelContext* c, Element e) : context(c), element(e) {
#ifndef ALFA_CUDA_EMULATED
    stream = static_cast<kernels::CudaStream>(context.GetGPUComputeStream());
#endif
  }
  Ort::KernelContext context;
  Element element;
  kernels::CudaStream stream = nullptr;

  bool has_input(size_t i) const {
    return i < context.GetInputCount() &&
           static_cast<const OrtValue*>(context.GetInput(i)) != nullptr;
  }
  // Null if the input is absent.
  template <typename T>
  const T* input(size_t i) const {
    return has_input(i)
               ? static_cast<const T*>(context.GetInput(i).GetTensorRawData())
               : nullptr;
  }
  std::vector<int64_t> shape(size_t i) const {
    return context.GetInput(i).GetTensorTypeAndShapeInfo().GetShape();
  }
  int64_t count(size_t i) const {
    return static_cast<int64_t>(
        context.GetInput(i).GetTensorTypeAndShapeInfo().GetElementCount());
  }
  void* output(size_t i, std::vector<int64_t> shape) const {
    return context.GetOutput(i, shape).GetTensorMutableRawData();
  }
};

struct Attributes {
  explicit Attributes(const OrtKernelInfo* i) : info(i) {}
  Ort::ConstKernelInfo info;
  int integer(const char* name) const {
    return static_cast<int>(info.GetAttribute<int64_t>(name));
  }
};

// An input that is present must have `count` elements.
void expect_count(const Call& c, size_t i, int64_t count) {
  expect(!c.has_input(i) || c.count(i) == count,
         "alfa: the inputs of an operator do not fit each other");
}

// What an operator does, once its attributes are known.
using Body = std::function<void(const Call&)>;

Body gather_rows(const Attributes&) {
  return [](const Call& c) {
    const int64_t rows = c.count(1), width = c.shape(0).at(1);
    gather_rows_cuda(c.element, c.input<void>(0), c.input<int32_t>(1), rows,
                     static_cast<int>(width), c.output(0, {rows, width}),
                     c.stream);
  };
}

Body residual_norm(const Attributes& a) {
  return [epsilon = a.info.GetAttribute<float>("epsilon")](const Call& c) {
    const int64_t rows = c.shape(0).at(0), width = c.shape(0).at(1);
    for (const size_t i : {1, 2, 3}) expect_count(c, i, width);
    expect_count(c, 5, rows);
    expect(!c.has_input(4) || c.shape(4).at(1) == width,
           "alfa: the residual of ResidualNorm has another width than x");
    expect(
        !c.has_input(4) || c.has_input(5) || c.shape(4).at(0) == rows,
        "alfa: the residual of ResidualNorm has another number of rows than x");
    kernels::residual_norm_cuda(
        {c.element, c.input<void>(0), c.input<float>(3), c.input<void>(4),
         c.input<int32_t>(5), c.input<float>(1), c.input<float>(2), epsilon,
         rows, static_cast<int>(width),
         c.context.GetOutputCount() > 1 ? c.output(1, {rows, width}) : nullptr,
         c.output(0, {rows, width})},
        c.stream);
  };
}

Body bias_activation(const Attributes& a) {
  return [kind = static_cast<kernels::Activation>(a.integer("kind"))](
             const Call& c) {
    const int64_t rows = c.shape(0).at(0), width = c.shape(0).at(1);
    expect_count(c, 1, width);
    bias_activation_cuda(c.element, c.input<void>(0), c.input<float>(1), rows,
                         static_cast<int>(width), kind,
                         c.output(0, {rows, width}), c.stream);
  };
}

// Null stays null.
template <typename T>
const T* offset(const T* p, int64_t count) {
  return p ? p + count : nullptr;
}

Body segment_attention(const Attributes& a) {
  return [heads = a.integer("heads"), causal = a.integer("causal") != 0,
          values_only = a.integer("values_only") != 0](const Call& c) {
    const int64_t qkv_width = c.shape(0).at(1), width = qkv_width / 3,
                  rows = c.count(1) / 2;
    expect(qkv_width == 3 * width && width % heads == 0,
           "alfa: qkv must be [rows, 3 * heads * head_width]");
    expect_count(c, 2, rows);
    expect_count(c, 3, qkv_width);
    expect(c.has_input(2) || c.shape(0).at(0) == rows,
           "alfa: segment_bounds must have one entry for each row");
    const auto* data = c.input<char>(0);
    const int64_t step = width * kernels::bytes_of(c.element);
    const auto* bias = c.input<float>(3);
    // values_only: values take the place of queries and keys (the V-V path).
    const int queries = values_only ? 2 : 0;
    kernels::segment_attention_cuda(
        {c.element, data + queries * step, data + (values_only ? 2 : 1) * step,
         data + 2 * step, qkv_width, qkv_width, offset(bias, queries * width),
         offset(bias, 2 * width), c.input<int32_t>(1), c.input<int32_t>(2),
         static_cast<int>(rows), heads, static_cast<int>(width / heads),
         Queries::kAll, causal, c.output(0, {rows, width})},
        c.stream);
  };
}

Body segment_pool(const Attributes& a) {
  return [heads = a.integer("heads")](const Call& c) {
    const int64_t segments = c.shape(0).at(0), width = c.shape(0).at(1);
    expect(width % heads == 0 && c.shape(1).at(1) == width &&
               c.shape(2) == c.shape(1) && c.count(3) == 2 * segments,
           "alfa: the inputs of SegmentPool do not fit each other");
    kernels::segment_attention_cuda(
        {c.element, c.input<void>(0), c.input<void>(1), c.input<void>(2), width,
         width, nullptr, nullptr, c.input<int32_t>(3), nullptr,
         static_cast<int>(segments), heads, static_cast<int>(width / heads),
         Queries::kOne, false, c.output(0, {segments, width})},
        c.stream);
  };
}

Body segment_relevance(const Attributes& a) {
  return [heads = a.integer("heads"),
          length = a.integer("length")](const Call& c) {
    const int64_t width = c.shape(0).at(1), count = c.shape(4).at(0);
    expect(c.element == Element::kFloat, "alfa: SegmentRelevance needs fp32");
    expect(width % heads == 0 && c.shape(1).at(1) == width &&
               c.shape(2) == c.shape(1) && c.count(3) == 2 * c.shape(0).at(0) &&
               c.shape(4).at(1) == width && c.count(5) == count,
           "alfa: the inputs of SegmentRelevance do not fit each other");
    kernels::relevance_cuda(
        {c.input<float>(0), c.input<float>(1), c.input<float>(2), nullptr,
         c.input<int32_t>(5), c.input<float>(4), static_cast<int>(count), heads,
         static_cast<int>(width / heads), length,
         static_cast<float*>(c.output(0, {count, length}))},
        c.input<int32_t>(3), c.stream);
  };
}

template <bool to_float>
Body unit_rows(const Attributes&) {
  return [](const Call& c) {
    const int64_t rows = c.shape(0).at(0), width = c.shape(0).at(1);
    unit_rows_cuda(c.element, c.input<void>(0), rows, static_cast<int>(width),
                   to_float ? Element::kFloat : c.element,
                   c.output(0, {rows, width}), c.stream);
  };
}

struct Kernel {
  Element element;
  Body run;
  void Compute(OrtKernelContext* context) { run(Call(context, element)); }
};

using MakeBody = std::function<Body(const Attributes&)>;

struct Operator : Ort::CustomOpBase<Operator, Kernel> {
  // `inputs`, `outputs`: one letter each. T: the domain's element; others as in
  // operator_tools.h.
  Operator(Element element, const char* name, std::string inputs,
           std::string outputs, MakeBody make_body)
      : element_(element),
        name_(name),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)),
        make_body_(std::move(make_body)) {}

  void* CreateKernel(const OrtApi&, const OrtKernelInfo* info) const {
    return new Kernel{element_, make_body_(Attributes(info))};
  }
  const char* GetName() const { return name_; }
#ifdef ALFA_CUDA_EMULATED
  const char* GetExecutionProviderType() const {
    return "CPUExecutionProvider";
  }
#else
  const char* GetExecutionProviderType() const {
    return "CUDAExecutionProvider";
  }
#endif
  size_t GetInputTypeCount() const { return inputs_.size(); }
  size_t GetOutputTypeCount() const { return outputs_.size(); }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return element_type(inputs_[i]);
  }
  ONNXTensorElementDataType GetOutputType(size_t i) const {
    return element_type(outputs_[i]);
  }
  OrtCustomOpInputOutputCharacteristic GetInputCharacteristic(size_t i) const {
    return characteristic_of(inputs_[i]);
  }
  OrtCustomOpInputOutputCharacteristic GetOutputCharacteristic(size_t i) const {
    return characteristic_of(outputs_[i]);
  }

 private:
  ONNXTensorElementDataType element_type(char letter) const {
    const bool half =
        element_ == Element::kHalf && (letter == 'T' || letter == 't');
    return half ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 : type_of(letter);
  }

  Element element_;
  const char* name_;
  std::string inputs_, outputs_;
  MakeBody make_body_;
};

const Ort::CustomOpDomain* domain_of(const char* name, Element element) {
  auto* d = new Ort::CustomOpDomain(name);
  const auto add = [&](const char* op, const char* inputs, const char* outputs,
                       MakeBody make_body) {
    d->Add(new Operator(element, op, inputs, outputs, std::move(make_body)));
  };
  add("GatherRows", "TI", "T", gather_rows);
  add("ResidualNorm", "TFFfti", "Tt", residual_norm);
  add("BiasActivation", "Tf", "T", bias_activation);
  add("SegmentAttention", "TIif", "T", segment_attention);
  add("SegmentPool", "TTTI", "T", segment_pool);
  if (element == Element::kFloat)
    add("SegmentRelevance", "TTTITI", "T", segment_relevance);
  add("UnitRows", "T", "T", unit_rows<false>);
  add("UnitRowsFloat", "T", "F", unit_rows<true>);
  return d;
}

}  // namespace

const std::vector<const Ort::CustomOpDomain*>& cuda_operator_domains() {
  static const std::vector<const Ort::CustomOpDomain*> domains{
      domain_of("alfa.half", Element::kHalf),
      domain_of("alfa.float", Element::kFloat)};
  return domains;
}

}  // namespace alfa
