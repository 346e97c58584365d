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

// What an operator sees of one call.
struct Call {
  explicit Call(OrtKernelContext* c, Element e) : context(c), element(e) {
#ifndef ALFA_CUDA_EMULATED
    stream = static_cast<kernels::CudaStream>(context.GetGPUComputeStream());
#endif
  }
  Ort::KernelContext context;
  Element element;
  kernels::CudaStream stream = nullptr;

  bool has(size_t i) const {
    return i < context.GetInputCount() &&
           static_cast<const OrtValue*>(context.GetInput(i)) != nullptr;
  }
  template <typename T>
  const T* in(size_t i) const {
    return has(i)
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
  void* out(size_t i, std::vector<int64_t> dims) const {
    return context.GetOutput(i, dims).GetTensorMutableRawData();
  }
};

struct Attributes {
  explicit Attributes(const OrtKernelInfo* i) : info(i) {}
  Ort::ConstKernelInfo info;
  int integer(const char* name) const {
    return static_cast<int>(info.GetAttribute<int64_t>(name));
  }
};

void fits(const Call& c, size_t i, int64_t count) {
  expect(!c.has(i) || c.count(i) == count,
         "alfa: an operator's inputs do not fit each other");
}

using Body = std::function<void(const Call&)>;

Body gather_rows(const Attributes&) {
  return [](const Call& c) {
    const int64_t rows = c.count(1), width = c.shape(0).at(1);
    gather_rows_cuda(c.element, c.in<void>(0), c.in<int32_t>(1), rows,
                     static_cast<int>(width), c.out(0, {rows, width}),
                     c.stream);
  };
}

Body residual_norm(const Attributes& a) {
  return [epsilon = a.info.GetAttribute<float>("epsilon")](const Call& c) {
    const int64_t rows = c.shape(0).at(0), width = c.shape(0).at(1);
    for (const size_t i : {1, 2, 3}) fits(c, i, width);
    fits(c, 5, rows);
    expect(!c.has(4) || c.shape(4).at(1) == width,
           "alfa: ResidualNorm's residual has another width");
    expect(!c.has(4) || c.has(5) || c.shape(4).at(0) == rows,
           "alfa: ResidualNorm's residual has another number of rows");
    kernels::residual_norm_cuda(
        {c.element, c.in<void>(0), c.in<float>(3), c.in<void>(4),
         c.in<int32_t>(5), c.in<float>(1), c.in<float>(2), epsilon, rows,
         static_cast<int>(width),
         c.context.GetOutputCount() > 1 ? c.out(1, {rows, width}) : nullptr,
         c.out(0, {rows, width})},
        c.stream);
  };
}

Body bias_activation(const Attributes& a) {
  return [kind = static_cast<kernels::Activation>(a.integer("kind"))](
             const Call& c) {
    const int64_t rows = c.shape(0).at(0), width = c.shape(0).at(1);
    fits(c, 1, width);
    bias_activation_cuda(c.element, c.in<void>(0), c.in<float>(1), rows,
                         static_cast<int>(width), kind, c.out(0, {rows, width}),
                         c.stream);
  };
}

template <typename T>
const T* past(const T* p, int64_t by) {
  return p ? p + by : nullptr;
}

Body segment_attention(const Attributes& a) {
  return [heads = a.integer("heads"), causal = a.integer("causal") != 0,
          values_only = a.integer("values_only") != 0](const Call& c) {
    const int64_t three = c.shape(0).at(1), width = three / 3,
                  rows = c.count(1) / 2;
    expect(three == 3 * width && width % heads == 0,
           "alfa: qkv must be [rows, 3 * heads * head_width]");
    fits(c, 2, rows);
    fits(c, 3, three);
    expect(c.has(2) || c.shape(0).at(0) == rows,
           "alfa: segment_bounds must say of every row where its segment lies");
    const auto* data = c.in<char>(0);
    const int64_t step = width * kernels::bytes_of(c.element);
    const auto* bias = c.in<float>(3);
    const int own = values_only ? 2 : 0;
    kernels::segment_attention_cuda(
        {c.element, data + own * step, data + (values_only ? 2 : 1) * step,
         data + 2 * step, three, three, past(bias, own * width),
         past(bias, 2 * width), c.in<int32_t>(1), c.in<int32_t>(2),
         static_cast<int>(rows), heads, static_cast<int>(width / heads),
         Queries::kAll, causal, c.out(0, {rows, width})},
        c.stream);
  };
}

Body segment_pool(const Attributes& a) {
  return [heads = a.integer("heads")](const Call& c) {
    const int64_t segments = c.shape(0).at(0), width = c.shape(0).at(1);
    expect(width % heads == 0 && c.shape(1).at(1) == width &&
               c.shape(2) == c.shape(1) && c.count(3) == 2 * segments,
           "alfa: SegmentPool's inputs do not fit each other");
    kernels::segment_attention_cuda(
        {c.element, c.in<void>(0), c.in<void>(1), c.in<void>(2), width, width,
         nullptr, nullptr, c.in<int32_t>(3), nullptr,
         static_cast<int>(segments), heads, static_cast<int>(width / heads),
         Queries::kOne, false, c.out(0, {segments, width})},
        c.stream);
  };
}

Body segment_relevance(const Attributes& a) {
  return [heads = a.integer("heads"),
          length = a.integer("length")](const Call& c) {
    const int64_t width = c.shape(0).at(1), count = c.shape(4).at(0);
    expect(c.element == Element::kFloat, "alfa: SegmentRelevance runs in fp32");
    expect(width % heads == 0 && c.shape(1).at(1) == width &&
               c.shape(2) == c.shape(1) && c.count(3) == 2 * c.shape(0).at(0) &&
               c.shape(4).at(1) == width && c.count(5) == count,
           "alfa: SegmentRelevance's inputs do not fit each other");
    kernels::relevance_cuda(
        {c.in<float>(0), c.in<float>(1), c.in<float>(2), nullptr,
         c.in<int32_t>(5), c.in<float>(4), static_cast<int>(count), heads,
         static_cast<int>(width / heads), length,
         static_cast<float*>(c.out(0, {count, length}))},
        c.in<int32_t>(3), c.stream);
  };
}

template <bool to_float>
Body unit_rows(const Attributes&) {
  return [](const Call& c) {
    const int64_t rows = c.shape(0).at(0), width = c.shape(0).at(1);
    unit_rows_cuda(c.element, c.in<void>(0), rows, static_cast<int>(width),
                   to_float ? Element::kFloat : c.element,
                   c.out(0, {rows, width}), c.stream);
  };
}

struct Kernel {
  Element element;
  Body run;
  void Compute(OrtKernelContext* context) { run(Call(context, element)); }
};

using Maker = std::function<Body(const Attributes&)>;

struct Operator : Ort::CustomOpBase<Operator, Kernel> {
  // A letter per input and output: T the domain's element, else as in
  // operator_tools.h.
  Operator(Element element, const char* name, std::string inputs,
           std::string outputs, Maker maker)
      : element_(element),
        name_(name),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)),
        maker_(std::move(maker)) {}

  void* CreateKernel(const OrtApi&, const OrtKernelInfo* info) const {
    return new Kernel{element_, maker_(Attributes(info))};
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
    return own_type(inputs_[i]);
  }
  ONNXTensorElementDataType GetOutputType(size_t i) const {
    return own_type(outputs_[i]);
  }
  OrtCustomOpInputOutputCharacteristic GetInputCharacteristic(size_t i) const {
    return characteristic_of(inputs_[i]);
  }
  OrtCustomOpInputOutputCharacteristic GetOutputCharacteristic(size_t i) const {
    return characteristic_of(outputs_[i]);
  }

 private:
  ONNXTensorElementDataType own_type(char letter) const {
    const bool half =
        element_ == Element::kHalf && (letter == 'T' || letter == 't');
    return half ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 : type_of(letter);
  }

  Element element_;
  const char* name_;
  std::string inputs_, outputs_;
  Maker maker_;
};

const Ort::CustomOpDomain* domain_of(const char* name, Element element) {
  auto* d = new Ort::CustomOpDomain(name);
  const auto add = [&](const char* op, const char* inputs, const char* outputs,
                       Maker maker) {
    d->Add(new Operator(element, op, inputs, outputs, std::move(maker)));
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
