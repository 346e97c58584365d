#include "runtime/operators.h"

#include <string>
#include <utility>
#include <vector>

#include "kernels/absorbed_attention/absorbed_attention.h"
#include "kernels/relevance/relevance.h"
#include "kernels/segment_attention/segment_attention.h"
#include "runtime/operator_tools.h"
#include "runtime/quantised_operators.h"

namespace alfa {
namespace {

using kernels::Queries;

std::vector<int64_t> shape_of(const Ort::ConstValue& value) {
  return value.GetTensorTypeAndShapeInfo().GetShape();
}

int64_t integer_attribute(const OrtKernelInfo* info, const char* name) {
  return Ort::ConstKernelInfo(info).GetAttribute<int64_t>(name);
}

int heads_attribute(const OrtKernelInfo* info) {
  return static_cast<int>(integer_attribute(info, "heads"));
}

// The kernels trust cu_seqlens, so a wrong one would make them read outside of
// their inputs.
void validate_cu_seqlens(const int32_t* cu_seqlens, int64_t count,
                         int64_t rows) {
  expect(count >= 1 && cu_seqlens[0] == 0 && cu_seqlens[count - 1] == rows,
         "alfa: cu_seqlens must start at 0 and end at the number of packed "
         "rows");
  for (int64_t s = 1; s < count; ++s)
    expect(cu_seqlens[s] > cu_seqlens[s - 1],
           "alfa: cu_seqlens must be increasing");
}

// What SegmentAttention and QuantizedSegmentAttention share: the segments over
// `packed` rows, and the output. qkv_shape: [rows, 3 * heads * head_width].
kernels::SegmentAttention attention_task(const Ort::KernelContext& context,
                                         const std::vector<int64_t>& qkv_shape,
                                         size_t cu_seqlens_input,
                                         int64_t packed, int heads) {
  const int64_t width = qkv_shape.at(1) / 3;
  expect(width % heads == 0 && width * 3 == qkv_shape[1],
         "alfa: qkv must be [rows, 3 * heads * head_width]");
  const auto cu_seqlens = context.GetInput(cu_seqlens_input);
  const int64_t segments = shape_of(cu_seqlens).at(0) - 1;
  validate_cu_seqlens(cu_seqlens.GetTensorData<int32_t>(), segments + 1,
                      packed);
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

// Each of the following is an operator of operators.h: its constructor reads
// the attributes, and Compute runs the kernel.

struct AttentionKernel {
  AttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(heads_attribute(info)),
        causal(integer_attribute(info, "causal") != 0),
        values_only(integer_attribute(info, "values_only") != 0) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto qkv = context.GetInput(0);
    const auto shape = shape_of(qkv);
    const int32_t* rows = nullptr;
    int64_t packed = shape[0];
    if (context.GetInputCount() > 2) {
      const auto input = context.GetInput(2);
      rows = input.GetTensorData<int32_t>();
      packed = shape_of(input).at(0);
      for (int64_t t = 0; t < packed; ++t)
        expect(rows[t] >= 0 && rows[t] < shape[0],
               "alfa: rows must be row indices of qkv");
    }
    kernels::SegmentAttention task =
        attention_task(context, shape, 1, packed, heads);
    const int64_t width = shape[1] / 3;
    const float* data = qkv.GetTensorData<float>();
    task.v = data + 2 * width;
    task.q = values_only ? task.v : data;
    task.k = values_only ? task.v : data + width;
    task.q_stride = shape[1];
    task.kv_stride = shape[1];
    task.rows = rows;
    task.causal = causal;
    kernels::segment_attention(task, pool_of(context));
  }

  int heads;
  bool causal;
  bool values_only;
};

struct QuantisedAttentionKernel {
  QuantisedAttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(heads_attribute(info)) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto accumulators = context.GetInput(0);
    const auto shape = shape_of(accumulators);
    kernels::SegmentAttention task =
        attention_task(context, shape, 4, shape.at(0), heads);
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
      : heads(heads_attribute(info)) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0);
    const auto k = context.GetInput(1);
    const auto v = context.GetInput(2);
    const auto cu_seqlens = context.GetInput(3);
    const auto q_shape = shape_of(q);
    const auto k_shape = shape_of(k);
    const int64_t segments = q_shape.at(0);
    const int64_t width = q_shape.at(1);
    expect(width % heads == 0 && k_shape.at(1) == width &&
               shape_of(v) == k_shape &&
               shape_of(cu_seqlens).at(0) == segments + 1,
           "alfa: the shapes of SegmentPool's inputs do not match");
    kernels::SegmentAttention task{};
    task.q = q.GetTensorData<float>();
    task.k = k.GetTensorData<float>();
    task.v = v.GetTensorData<float>();
    task.q_stride = width;
    task.kv_stride = width;
    task.cu_seqlens = cu_seqlens.GetTensorData<int32_t>();
    validate_cu_seqlens(task.cu_seqlens, segments + 1, k_shape[0]);
    task.segments = static_cast<int>(segments);
    task.heads = heads;
    task.head_width = static_cast<int>(width / heads);
    task.queries = Queries::kOne;
    task.out =
        context.GetOutput(0, q_shape.data(), 2).GetTensorMutableData<float>();
    kernels::segment_attention(task, pool_of(context));
  }

  int heads;
};

struct AbsorbedAttentionKernel {
  AbsorbedAttentionKernel(const OrtApi&, const OrtKernelInfo* info)
      : scale(Ort::ConstKernelInfo(info).GetAttribute<float>("scale")) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0);
    const auto x = context.GetInput(1);
    const auto cu_seqlens = context.GetInput(2);
    const auto q_shape = shape_of(q);
    const auto x_shape = shape_of(x);
    expect(q_shape.size() == 3 && x_shape.at(1) == q_shape[2] &&
               shape_of(cu_seqlens).at(0) == q_shape[1] + 1,
           "alfa: the shapes of AbsorbedAttention's inputs do not match");
    kernels::AbsorbedAttention task{};
    task.q = q.GetTensorData<float>();
    task.x = x.GetTensorData<float>();
    task.cu_seqlens = cu_seqlens.GetTensorData<int32_t>();
    validate_cu_seqlens(task.cu_seqlens, q_shape[1] + 1, x_shape[0]);
    task.segments = static_cast<int>(q_shape[1]);
    task.heads = static_cast<int>(q_shape[0]);
    task.width = static_cast<int>(q_shape[2]);
    task.scale = scale;
    task.out =
        context.GetOutput(0, q_shape.data(), 3).GetTensorMutableData<float>();
    kernels::absorbed_attention(task, pool_of(context));
  }

  float scale;
};

// The number of rows of the given segments, which must be equal for all.
int64_t common_length(const int32_t* segment, int64_t count,
                      const int32_t* cu_seqlens, int64_t segments) {
  int64_t length = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int32_t s = segment[i];
    expect(s >= 0 && s < segments,
           "alfa: SegmentRelevance names a segment that does not exist");
    const int64_t rows = cu_seqlens[s + 1] - cu_seqlens[s];
    expect(i == 0 || rows == length,
           "alfa: SegmentRelevance needs segments of equal length");
    length = rows;
  }
  return length;
}

struct RelevanceKernel {
  RelevanceKernel(const OrtApi&, const OrtKernelInfo* info)
      : heads(heads_attribute(info)) {}

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto q = context.GetInput(0);
    const auto k = context.GetInput(1);
    const auto v = context.GetInput(2);
    const auto cu_seqlens = context.GetInput(3);
    const auto gradient = context.GetInput(4);
    const auto segment = context.GetInput(5);
    const auto q_shape = shape_of(q);
    const auto k_shape = shape_of(k);
    const auto gradient_shape = shape_of(gradient);
    const int64_t segments = q_shape.at(0);
    const int64_t width = q_shape.at(1);
    const int64_t count = gradient_shape.at(0);
    expect(width % heads == 0 && k_shape.at(1) == width &&
               shape_of(v) == k_shape &&
               shape_of(cu_seqlens).at(0) == segments + 1 &&
               gradient_shape.at(1) == width && count >= 1 &&
               shape_of(segment).at(0) == count,
           "alfa: the shapes of SegmentRelevance's inputs do not match");
    kernels::Relevance task{};
    task.q = q.GetTensorData<float>();
    task.k = k.GetTensorData<float>();
    task.v = v.GetTensorData<float>();
    task.cu_seqlens = cu_seqlens.GetTensorData<int32_t>();
    validate_cu_seqlens(task.cu_seqlens, segments + 1, k_shape[0]);
    task.segment = segment.GetTensorData<int32_t>();
    task.gradient = gradient.GetTensorData<float>();
    const int64_t length =
        common_length(task.segment, count, task.cu_seqlens, segments);
    task.count = static_cast<int>(count);
    task.heads = heads;
    task.head_width = static_cast<int>(width / heads);
    task.length = static_cast<int>(length);
    const int64_t out_shape[] = {count, length};
    task.out = context.GetOutput(0, out_shape, 2).GetTensorMutableData<float>();
    kernels::relevance(task);
  }

  int heads;
};

// The description of an operator with one fp32 output. `inputs`: one letter
// each, see operator_tools.h.
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
    return characteristic_of(inputs_[i]);
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
