#include "runtime/operators.h"

#include "kernels/relevance/relevance.h"
#include "kernels/segment_attention/segment_attention.h"
#include "kernels/segment_mix/segment_mix.h"
#include "runtime/operator_tools.h"
#include "runtime/quantised_operators.h"

namespace alfa {
namespace {

using kernels::Queries;

int64_t attribute(const OrtKernelInfo* info, const char* name) { return Ort::ConstKernelInfo(info).GetAttribute<int64_t>(name); }

// Segments must rise from 0 to `rows`, or the kernel would read past its inputs.
void check_segments(const int32_t* cu, int64_t count, int64_t rows) {
  expect(count >= 1 && cu[0] == 0 && cu[count - 1] == rows, "alfa: cu must run from 0 to the number of packed rows");
  for (int64_t s = 1; s < count; ++s) expect(cu[s] > cu[s - 1], "alfa: cu must rise");
}

// Of an 8-bit product's accumulators.
struct QuantisedAttentionKernel {
  QuantisedAttentionKernel(const OrtApi&, const OrtKernelInfo* info) : heads(static_cast<int>(attribute(info, "heads"))) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto accumulators = context.GetInput(0), cu = context.GetInput(4);
    const auto shape = accumulators.GetTensorTypeAndShapeInfo().GetShape();
    const int64_t segments = cu.GetTensorTypeAndShapeInfo().GetShape().at(0) - 1, width = shape.at(1) / 3;
    expect(width % heads == 0 && width * 3 == shape[1], "alfa: accumulators must be [rows, 3 * heads * head_width]");
    const auto floats = [&](size_t i, int64_t count) {
      const auto input = context.GetInput(i);
      expect(static_cast<int64_t>(input.GetTensorTypeAndShapeInfo().GetElementCount()) == count, "alfa: QuantizedSegmentAttention's inputs do not fit each other");
      return input.GetTensorData<float>();
    };
    check_segments(cu.GetTensorData<int32_t>(), segments + 1, shape[0]);
    kernels::SegmentAttention task{};
    task.accumulators = accumulators.GetTensorData<int32_t>();
    task.row_scale = floats(1, shape[0]);
    task.column_scale = floats(2, shape[1]);
    task.bias = floats(3, shape[1]);
    task.cu = cu.GetTensorData<int32_t>();
    task.segments = static_cast<int>(segments);
    task.heads = heads;
    task.head_width = static_cast<int>(width / heads);
    task.queries = Queries::kAll;
    const int64_t out_shape[] = {shape[0], width};
    task.out = context.GetOutput(0, out_shape, 2).GetTensorMutableData<float>();
    kernels::segment_attention(task, pool_of(context));
  }

  int heads;
};

struct AttentionKernel {
  AttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(static_cast<int>(attribute(info, "heads"))), causal(attribute(info, "causal") != 0), values_only(attribute(info, "values_only") != 0) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto qkv = context.GetInput(0), cu = context.GetInput(1);
    const auto shape = qkv.GetTensorTypeAndShapeInfo().GetShape();
    const int64_t segments = cu.GetTensorTypeAndShapeInfo().GetShape().at(0) - 1, width = shape.at(1) / 3;
    expect(width % heads == 0 && width * 3 == shape[1], "alfa: qkv must be [rows, 3 * heads * head_width]");
    const int32_t* rows = nullptr;
    int64_t packed = shape[0];
    if (context.GetInputCount() > 2) {
      const auto index = context.GetInput(2);
      rows = index.GetTensorData<int32_t>();
      packed = index.GetTensorTypeAndShapeInfo().GetShape().at(0);
      for (int64_t t = 0; t < packed; ++t) expect(rows[t] >= 0 && rows[t] < shape[0], "alfa: rows must name rows of qkv");
    }
    check_segments(cu.GetTensorData<int32_t>(), segments + 1, packed);
    const float *data = qkv.GetTensorData<float>(), *v = data + 2 * width;
    const float *q = values_only ? v : data, *k = values_only ? v : data + width;
    const int64_t out_shape[] = {packed, width};
    auto out = context.GetOutput(0, out_shape, 2);
    kernels::segment_attention({q, k, v, 3 * width, 3 * width, cu.GetTensorData<int32_t>(), rows,
                                static_cast<int>(segments), heads, static_cast<int>(width / heads), Queries::kAll, causal,
                                out.GetTensorMutableData<float>()},
                               pool_of(context));
  }

  int heads;
  bool causal;
  bool values_only;  // the values are queries and keys too (V-V attention)
};

struct PoolKernel {
  PoolKernel(const OrtApi&, const OrtKernelInfo* info) : heads(static_cast<int>(attribute(info, "heads"))) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0), k = context.GetInput(1), v = context.GetInput(2), cu = context.GetInput(3);
    const auto q_shape = q.GetTensorTypeAndShapeInfo().GetShape(), k_shape = k.GetTensorTypeAndShapeInfo().GetShape();
    const int64_t segments = q_shape.at(0), width = q_shape.at(1);
    expect(width % heads == 0 && k_shape.at(1) == width && v.GetTensorTypeAndShapeInfo().GetShape() == k_shape &&
               cu.GetTensorTypeAndShapeInfo().GetShape().at(0) == segments + 1,
           "alfa: SegmentPool's inputs do not fit each other");
    check_segments(cu.GetTensorData<int32_t>(), segments + 1, k_shape[0]);
    auto out = context.GetOutput(0, q_shape.data(), 2);
    kernels::segment_attention({q.GetTensorData<float>(), k.GetTensorData<float>(), v.GetTensorData<float>(), width, width,
                                cu.GetTensorData<int32_t>(), nullptr, static_cast<int>(segments), heads,
                                static_cast<int>(width / heads), Queries::kOne, false, out.GetTensorMutableData<float>()},
                               pool_of(context));
  }

  int heads;
};

struct MixKernel {
  MixKernel(const OrtApi&, const OrtKernelInfo* info) : scale(Ort::ConstKernelInfo(info).GetAttribute<float>("scale")) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0), x = context.GetInput(1), cu = context.GetInput(2);
    const auto q_shape = q.GetTensorTypeAndShapeInfo().GetShape(), x_shape = x.GetTensorTypeAndShapeInfo().GetShape();
    expect(q_shape.size() == 3 && x_shape.at(1) == q_shape[2] && cu.GetTensorTypeAndShapeInfo().GetShape().at(0) == q_shape[1] + 1,
           "alfa: SegmentMix's inputs do not fit each other");
    check_segments(cu.GetTensorData<int32_t>(), q_shape[1] + 1, x_shape[0]);
    kernels::segment_mix({q.GetTensorData<float>(), x.GetTensorData<float>(), cu.GetTensorData<int32_t>(), static_cast<int>(q_shape[1]),
                          static_cast<int>(q_shape[0]), static_cast<int>(q_shape[2]), scale,
                          context.GetOutput(0, q_shape.data(), 3).GetTensorMutableData<float>()},
                         pool_of(context));
  }

  float scale;
};

struct RelevanceKernel {
  RelevanceKernel(const OrtApi&, const OrtKernelInfo* info) : heads(static_cast<int>(attribute(info, "heads"))) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0), k = context.GetInput(1), v = context.GetInput(2), cu = context.GetInput(3);
    const auto gradient = context.GetInput(4), segment = context.GetInput(5);
    const auto q_shape = q.GetTensorTypeAndShapeInfo().GetShape(), k_shape = k.GetTensorTypeAndShapeInfo().GetShape();
    const auto g_shape = gradient.GetTensorTypeAndShapeInfo().GetShape();
    const int64_t segments = q_shape.at(0), width = q_shape.at(1), count = g_shape.at(0);
    expect(width % heads == 0 && k_shape.at(1) == width && v.GetTensorTypeAndShapeInfo().GetShape() == k_shape &&
               cu.GetTensorTypeAndShapeInfo().GetShape().at(0) == segments + 1 && g_shape.at(1) == width && count >= 1 &&
               segment.GetTensorTypeAndShapeInfo().GetShape().at(0) == count,
           "alfa: SegmentRelevance's inputs do not fit each other");
    const int32_t *bounds = cu.GetTensorData<int32_t>(), *of = segment.GetTensorData<int32_t>();
    check_segments(bounds, segments + 1, k_shape[0]);
    int64_t length = 0;
    for (int64_t i = 0; i < count; ++i) {
      expect(of[i] >= 0 && of[i] < segments, "alfa: SegmentRelevance names a segment that is not there");
      const int64_t own = bounds[of[i] + 1] - bounds[of[i]];
      expect(i == 0 || own == length, "alfa: SegmentRelevance needs segments of one length");
      length = own;
    }
    const int64_t out_shape[] = {count, length};
    kernels::relevance({q.GetTensorData<float>(), k.GetTensorData<float>(), v.GetTensorData<float>(), bounds, of,
                        gradient.GetTensorData<float>(), static_cast<int>(count), heads, static_cast<int>(width / heads),
                        static_cast<int>(length), context.GetOutput(0, out_shape, 2).GetTensorMutableData<float>()});
  }

  int heads;
};

template <typename Op, typename Kernel>
struct Operator : Ort::CustomOpBase<Op, Kernel> {
  void* CreateKernel(const OrtApi& api, const OrtKernelInfo* info) const { return new Kernel(api, info); }
  const char* GetExecutionProviderType() const { return "CPUExecutionProvider"; }
  size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; }
};

struct AttentionOperator : Operator<AttentionOperator, AttentionKernel> {
  const char* GetName() const { return "SegmentAttention"; }
  size_t GetInputTypeCount() const { return 3; }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return i == 0 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
  }
  OrtCustomOpInputOutputCharacteristic GetInputCharacteristic(size_t i) const {
    return i == 2 ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
  }
};

struct QuantisedAttentionOperator : Operator<QuantisedAttentionOperator, QuantisedAttentionKernel> {
  const char* GetName() const { return "QuantizedSegmentAttention"; }
  size_t GetInputTypeCount() const { return 5; }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return i == 0 || i == 4 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
};

struct PoolOperator : Operator<PoolOperator, PoolKernel> {
  const char* GetName() const { return "SegmentPool"; }
  size_t GetInputTypeCount() const { return 4; }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return i == 3 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
};

struct MixOperator : Operator<MixOperator, MixKernel> {
  const char* GetName() const { return "SegmentMix"; }
  size_t GetInputTypeCount() const { return 3; }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return i == 2 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
};

struct RelevanceOperator : Operator<RelevanceOperator, RelevanceKernel> {
  const char* GetName() const { return "SegmentRelevance"; }
  size_t GetInputTypeCount() const { return 6; }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return i == 3 || i == 5 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
};

}  // namespace

const Ort::CustomOpDomain& operators_domain() {
  static const Ort::CustomOpDomain* domain = [] {
    auto* d = new Ort::CustomOpDomain("alfa");
    d->Add(new AttentionOperator());
    d->Add(new QuantisedAttentionOperator());
    d->Add(new PoolOperator());
    d->Add(new MixOperator());
    d->Add(new RelevanceOperator());
    add_quantised_operators(*d);
    return d;
  }();
  return *domain;
}

}  // namespace alfa
