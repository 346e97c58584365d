#include "runtime/quantised_operators.h"

#include "kernels/epilogue/epilogue.h"
#include "runtime/operator_tools.h"

namespace alfa {
namespace {

using kernels::Epilogue;

constexpr auto kFloat = ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
constexpr auto kInt32 = ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
constexpr auto kUint8 = ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;

enum class Kind {
  kQuantizeRows,
  kDequantize,
  kGeluQuantize,
  kResidualNorm,
  kResidualNormQuantize
};

constexpr bool from_accumulators(Kind k) { return k != Kind::kQuantizeRows; }
constexpr bool has_residual(Kind k) {
  return k == Kind::kResidualNorm || k == Kind::kResidualNormQuantize;
}
constexpr bool quantises(Kind k) {
  return k != Kind::kDequantize && k != Kind::kResidualNorm;
}
constexpr size_t inputs_of(Kind k) {
  if (has_residual(k)) return 7;
  return from_accumulators(k) ? 4 : 1;
}
constexpr size_t outputs_of(Kind k) {
  return size_t{has_residual(k)} + (quantises(k) ? 2 : 1);
}

// Runs one of the operators of quantised_operators.h.
template <Kind kind>
struct RowKernel {
  RowKernel(const OrtApi&, const OrtKernelInfo* info) {
    const Ort::ConstKernelInfo attributes(info);
    if constexpr (has_residual(kind))
      epsilon = attributes.GetAttribute<float>("epsilon");
    if constexpr (kind == Kind::kGeluQuantize)
      quick = attributes.GetAttribute<int64_t>("quick") != 0;
  }

  void Compute(OrtKernelContext* c) {
    Ort::KernelContext context(c);
    const auto shape =
        context.GetInput(0).GetTensorTypeAndShapeInfo().GetShape();
    expect(shape.size() == 2, "alfa: rows must be [rows, width]");
    Epilogue task{.rows = shape[0], .width = shape[1]};
    const auto floats = [&](size_t i, int64_t count, const char* message) {
      return floats_of(context, i, count, message);
    };
    if constexpr (from_accumulators(kind)) {
      task.accumulators = context.GetInput(0).template GetTensorData<int32_t>();
      task.row_scale = floats(1, task.rows, "alfa: row_scale must be [rows]");
      task.column_scale =
          floats(2, task.width, "alfa: column_scale must be [width]");
      task.bias = floats(3, task.width, "alfa: bias must be [width]");
    } else {
      task.x = context.GetInput(0).template GetTensorData<float>();
    }
    if constexpr (has_residual(kind)) {
      task.residual = floats(4, task.rows * task.width,
                             "alfa: residual must be [rows, width]");
      task.norm_weight =
          floats(5, task.width, "alfa: norm_weight must be [width]");
      task.norm_bias = floats(6, task.width, "alfa: norm_bias must be [width]");
      task.epsilon = epsilon;
    }
    if constexpr (kind == Kind::kGeluQuantize)
      task.activation =
          quick ? kernels::Activation::kQuickGelu : kernels::Activation::kGelu;
    size_t next = 0;
    const auto output = [&] {
      return context.GetOutput(next++, shape.data(), 2);
    };
    if constexpr (has_residual(kind))
      task.sum = output().template GetTensorMutableData<float>();
    if constexpr (quantises(kind)) {
      task.quantised = output().template GetTensorMutableData<uint8_t>();
      task.scale = context.GetOutput(next, shape.data(), 1)
                       .template GetTensorMutableData<float>();
    } else {
      task.out = output().template GetTensorMutableData<float>();
    }
    kernels::epilogue(task, pool_of(context));
  }

  float epsilon = 0;
  bool quick = false;
};

// Its description for ONNX Runtime.
template <Kind kind>
struct RowOperator : Ort::CustomOpBase<RowOperator<kind>, RowKernel<kind>> {
  explicit RowOperator(const char* n) : name(n) {}
  void* CreateKernel(const OrtApi& api, const OrtKernelInfo* info) const {
    return new RowKernel<kind>(api, info);
  }
  const char* GetName() const { return name; }
  const char* GetExecutionProviderType() const {
    return "CPUExecutionProvider";
  }
  size_t GetInputTypeCount() const { return inputs_of(kind); }
  ONNXTensorElementDataType GetInputType(size_t i) const {
    return from_accumulators(kind) && i == 0 ? kInt32 : kFloat;
  }
  size_t GetOutputTypeCount() const { return outputs_of(kind); }
  ONNXTensorElementDataType GetOutputType(size_t i) const {
    return quantises(kind) && i == size_t{has_residual(kind)} ? kUint8 : kFloat;
  }

  const char* name;
};

}  // namespace

// The operators are never freed, and neither is the domain.
void add_quantised_operators(Ort::CustomOpDomain& domain) {
  domain.Add(new RowOperator<Kind::kQuantizeRows>("QuantizeRows"));
  domain.Add(new RowOperator<Kind::kDequantize>("Dequantize"));
  domain.Add(new RowOperator<Kind::kGeluQuantize>("GeluQuantize"));
  domain.Add(new RowOperator<Kind::kResidualNorm>("ResidualNorm"));
  domain.Add(
      new RowOperator<Kind::kResidualNormQuantize>("ResidualNormQuantize"));
}

}  // namespace alfa
