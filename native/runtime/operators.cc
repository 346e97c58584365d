#include "runtime/operators.h"

#include <string>
#include <utility>

#include "kernels/absorbed_attention/absorbed_attention.h"
#include "kernels/relevance/relevance.h"
#include "kernels/segment_attention/segment_attention.h"
#include "runtime/operator_tools.h"
#include "runtime/quantised_operators.h"

namespace alfa {
namespace {

using kernels::Queries;

int64_t attribute(const OrtKernelInfo* info, const char* name) {
  return Ort::ConstKernelInfo(info).GetAttribute<int64_t>(name);
}

// Segments must rise from 0 to `rows`, or the kernel would read past its
// inputs.
void check_segments(const int32_t* cu_seqlens, int64_t count, int64_t rows) {
  expect(count >= 1 && cu_seqlens[0] == 0 && cu_seqlens[count - 1] == rows,
         "alfa: cu_seqlens must run from 0 to the number of packed rows");
  for (int64_t s = 1; s < count; ++s)
    expect(cu_seqlens[s] > cu_seqlens[s - 1], "alfa: cu_seqlens must rise");
}

// What attention over q, k and v side by side, [rows, 3 * heads * head_width],
// has in common: segments over `packed` rows and the output, [packed, heads *
// head_width].
kernels::SegmentAttention over_segments(const Ort::KernelContext& context,
                                        const std::vector<int64_t>& shape,
                                        size_t cu_seqlens_input, int64_t packed,
                                        int heads) {
  const int64_t width = shape.at(1) / 3;
  expect(width % heads == 0 && width * 3 == shape[1],
         "alfa: qkv must be [rows, 3 * heads * head_width]");
  const auto cu_seqlens = context.GetInput(cu_seqlens_input);
  const int64_t segments =
      cu_seqlens.GetTensorTypeAndShapeInfo().GetShape().at(0) - 1;
  check_segments(cu_seqlens.GetTensorData<int32_t>(), segments + 1, packed);
  const int64_t out_shape[] = {packed, width};
  kernels::SegmentAttention task{};
  task.cu_seqlens = cu_seqlens.GetTensorData<int32_t>();
  task.segments = static_cast<int>(segments);
  task.heads = heads;
  task.head_width = static_cast<int>(width / heads);
  task.queries = Queries::kAll;
  task.out = context.GetOutput(0, out_shape, 2).GetTensorMutableData<float>();
  return task;
}

struct AttentionKernel {
  AttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(static_cast<int>(attribute(info, "heads"))),
        causal(attribute(info, "causal") != 0),
        values_only(attribute(info, "values_only") != 0) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto qkv = context.GetInput(0);
    const auto shape = qkv.GetTensorTypeAndShapeInfo().GetShape();
    const int32_t* rows = nullptr;
    int64_t packed = shape[0];
    if (context.GetInputCount() > 2) {
      const auto index = context.GetInput(2);
      rows = index.GetTensorData<int32_t>();
      packed = index.GetTensorTypeAndShapeInfo().GetShape().at(0);
      for (int64_t t = 0; t < packed; ++t)
        expect(rows[t] >= 0 && rows[t] < shape[0],
               "alfa: rows must name rows of qkv");
    }
    kernels::SegmentAttention task =
        over_segments(context, shape, 1, packed, heads);
    const int64_t width = shape[1] / 3;
    const float* data = qkv.GetTensorData<float>();
    task.v = data + 2 * width;
    task.q = values_only ? task.v : data;
    task.k = values_only ? task.v : data + width;
    task.q_stride = task.kv_stride = shape[1];
    task.rows = rows;
    task.causal = causal;
    kernels::segment_attention(task, pool_of(context));
  }

  int heads;
  bool causal;
  bool values_only;  // the values are queries and keys too (V-V attention)
};

// Of an 8-bit product's accumulators.
struct QuantisedAttentionKernel {
  QuantisedAttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(static_cast<int>(attribute(info, "heads"))) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto accumulators = context.GetInput(0);
    const auto shape = accumulators.GetTensorTypeAndShapeInfo().GetShape();
    kernels::SegmentAttention task =
        over_segments(context, shape, 4, shape.at(0), heads);
    task.accumulators = accumulators.GetTensorData<int32_t>();
    task.row_scale =
        floats_of(context, 1, shape[0], "alfa: row_scale must be [rows]");
    task.column_scale =
        floats_of(context, 2, shape[1],
                  "alfa: column_scale must be as wide as the accumulators");
    task.bias = floats_of(context, 3, shape[1],
                          "alfa: bias must be as wide as the accumulators");
    kernels::segment_attention(task, pool_of(context));
  }

  int heads;
};

struct PoolKernel {
  PoolKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(static_cast<int>(attribute(info, "heads"))) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0), k = context.GetInput(1),
               v = context.GetInput(2), cu_seqlens = context.GetInput(3);
    const auto q_shape = q.GetTensorTypeAndShapeInfo().GetShape(),
               k_shape = k.GetTensorTypeAndShapeInfo().GetShape();
    const int64_t segments = q_shape.at(0), width = q_shape.at(1);
    expect(width % heads == 0 && k_shape.at(1) == width &&
               v.GetTensorTypeAndShapeInfo().GetShape() == k_shape &&
               cu_seqlens.GetTensorTypeAndShapeInfo().GetShape().at(0) ==
                   segments + 1,
           "alfa: SegmentPool's inputs do not fit each other");
    check_segments(cu_seqlens.GetTensorData<int32_t>(), segments + 1,
                   k_shape[0]);
    auto out = context.GetOutput(0, q_shape.data(), 2);
    kernels::segment_attention(
        {q.GetTensorData<float>(), k.GetTensorData<float>(),
         v.GetTensorData<float>(), width, width,
         cu_seqlens.GetTensorData<int32_t>(), nullptr,
         static_cast<int>(segments), heads, static_cast<int>(width / heads),
         Queries::kOne, false, out.GetTensorMutableData<float>()},
        pool_of(context));
  }

  int heads;
};

struct AbsorbedAttentionKernel {
  AbsorbedAttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : scale(Ort::ConstKernelInfo(info).GetAttribute<float>("scale")) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0), x = context.GetInput(1),
               cu_seqlens = context.GetInput(2);
    const auto q_shape = q.GetTensorTypeAndShapeInfo().GetShape(),
               x_shape = x.GetTensorTypeAndShapeInfo().GetShape();
    expect(q_shape.size() == 3 && x_shape.at(1) == q_shape[2] &&
               cu_seqlens.GetTensorTypeAndShapeInfo().GetShape().at(0) ==
                   q_shape[1] + 1,
           "alfa: AbsorbedAttention's inputs do not fit each other");
    check_segments(cu_seqlens.GetTensorData<int32_t>(), q_shape[1] + 1,
                   x_shape[0]);
    kernels::absorbed_attention(
        {q.GetTensorData<float>(), x.GetTensorData<float>(),
         cu_seqlens.GetTensorData<int32_t>(), static_cast<int>(q_shape[1]),
         static_cast<int>(q_shape[0]), static_cast<int>(q_shape[2]), scale,
         context.GetOutput(0, q_shape.data(), 3).GetTensorMutableData<float>()},
        pool_of(context));
  }

  float scale;
};

struct RelevanceKernel {
  RelevanceKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(static_cast<int>(attribute(info, "heads"))) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0), k = context.GetInput(1),
               v = context.GetInput(2), cu_seqlens = context.GetInput(3);
    const auto gradient = context.GetInput(4), segment = context.GetInput(5);
    const auto q_shape = q.GetTensorTypeAndShapeInfo().GetShape(),
               k_shape = k.GetTensorTypeAndShapeInfo().GetShape();
    const auto g_shape = gradient.GetTensorTypeAndShapeInfo().GetShape();
    const int64_t segments = q_shape.at(0), width = q_shape.at(1),
                  count = g_shape.at(0);
    expect(width % heads == 0 && k_shape.at(1) == width &&
               v.GetTensorTypeAndShapeInfo().GetShape() == k_shape &&
               cu_seqlens.GetTensorTypeAndShapeInfo().GetShape().at(0) ==
                   segments + 1 &&
               g_shape.at(1) == width && count >= 1 &&
               segment.GetTensorTypeAndShapeInfo().GetShape().at(0) == count,
           "alfa: SegmentRelevance's inputs do not fit each other");
    const int32_t *bounds = cu_seqlens.GetTensorData<int32_t>(),
                  *of = segment.GetTensorData<int32_t>();
    check_segments(bounds, segments + 1, k_shape[0]);
    int64_t length = 0;
    for (int64_t i = 0; i < count; ++i) {
      expect(of[i] >= 0 && of[i] < segments,
             "alfa: SegmentRelevance names a segment that is not there");
      const int64_t own = bounds[of[i] + 1] - bounds[of[i]];
      expect(i == 0 || own == length,
             "alfa: SegmentRelevance needs segments of one length");
      length = own;
    }
    const int64_t out_shape[] = {count, length};
    kernels::relevance(
        {q.GetTensorData<float>(), k.GetTensorData<float>(),
         v.GetTensorData<float>(), bounds, of, gradient.GetTensorData<float>(),
         static_cast<int>(count), heads, static_cast<int>(width / heads),
         static_cast<int>(length),
         context.GetOutput(0, out_shape, 2).GetTensorMutableData<float>()});
  }

  int heads;
};

// A letter per input: F fp32, I int32; in lower case it may be absent. One
// output, fp32.
template <typename Kernel>
struct Operator : Ort::CustomOpBase<Operator<Kernel>, Kernel> {
  Operator(const char* name, std::string inputs)
      : name_(name), inputs_(std::move(inputs)) {}
  void* CreateKernel(const OrtApi& api, const OrtKernelInfo* info) const {
    return new Kernel(api, info);
  }
  const char* GetName() const { return name_; }
  const char* GetExecutionProviderType() const {
    return "CPUExecutionProvider";
  }
  size_t GetInputTypeCount() const { return inputs_.size(); }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return type_of(inputs_[i]);
  }
  OrtCustomOpInputOutputCharacteristic GetInputCharacteristic(size_t i) const {
    return needed(inputs_[i]);
  }
  size_t GetOutputTypeCount() const { return 1; }
  ONNXTensorElementDataType GetOutputType(size_t) const { return type_of('F'); }

 private:
  const char* name_;
  std::string inputs_;
};

}  // namespace

const Ort::CustomOpDomain& operators_domain() {
  static const Ort::CustomOpDomain* domain = [] {
    auto* d = new Ort::CustomOpDomain("alfa");
    d->Add(new Operator<AttentionKernel>("SegmentAttention", "FIi"));
    d->Add(new Operator<QuantisedAttentionKernel>("QuantizedSegmentAttention",
                                                  "IFFFI"));
    d->Add(new Operator<PoolKernel>("SegmentPool", "FFFI"));
    d->Add(new Operator<AbsorbedAttentionKernel>("AbsorbedAttention", "FFI"));
    d->Add(new Operator<RelevanceKernel>("SegmentRelevance", "FFFIFI"));
    add_quantised_operators(*d);
    return d;
  }();
  return *domain;
}

}  // namespace alfa
