// A block in which every row is a query.
#include "graph/tower_writer.h"

namespace alfa {
namespace {

using kernels::Activation;
using onnx::Attribute;
}  // namespace

RowStream TowerWriter::block(int i, const RowStream& in,
                             const std::string& segments,
                             const std::string& rows, bool causal,
                             std::string* qkv_out) {
  const bool in_8_bits = quantised(i) && quantised(i)->qkv;
  if (in_8_bits && !qkv_out)
    return after_attention(i, quantised_attention(i, in, segments),
                           in.residual);
  const std::string packed =
      in_8_bits ? quantised_qkv(i, in) : qkv(i, in.normalised);
  if (qkv_out) *qkv_out = packed;
  const std::string attended =
      attention(i, packed, segments, rows, {.causal = causal});
  if (cuda()) return after_attention(i, attended, in.residual, rows);
  return after_attention(
      i, attended, rows.empty() ? in.residual : gather(in.residual, rows));
}

std::string TowerWriter::qkv(int i, const std::string& normalised) {
  const Linear& layer = block_of(i).qkv;
  if (cuda())
    return matmul(normalised, layer.weight, block_name(i) + "qkv.weight");
  return linear(normalised, layer.weight, layer.bias, block_name(i) + "qkv");
}

std::string TowerWriter::attention(int i, const std::string& qkv,
                                   const std::string& segments,
                                   const std::string& rows, Attention kind) {
  std::vector<std::string> inputs{qkv, segments};
  const std::vector<Attribute> attributes{
      Attribute::of("heads", tower_.heads),
      Attribute::of("causal", kind.causal ? 1 : 0),
      Attribute::of("values_only", kind.values_only ? 1 : 0)};
  const std::string attended = unique_name("attended");
  if (cuda()) {
    const Weights& bias = block_of(i).qkv.bias;
    inputs.push_back(rows);
    inputs.push_back(bias ? weight(block_name(i) + "qkv.bias", bias) : "");
    cuda_node("SegmentAttention", inputs, {attended}, attributes);
  } else {
    if (!rows.empty()) inputs.push_back(rows);
    onnx.node("SegmentAttention", "alfa", inputs, {attended}, attributes);
  }
  return attended;
}

RowStream TowerWriter::after_attention(int i, const std::string& attended,
                                       const std::string& residual,
                                       const std::string& rows) {
  if (quantised(i) && quantised(i)->after_attention)
    return quantised_after_attention(i, attended, residual);
  const Block& b = block_of(i);
  const std::string name = block_name(i);
  const RowStream middle =
      residual_norm(matmul(attended, b.out.weight, name + "out.weight"),
                    b.out.bias, residual, b.ln2, name + "out", rows);
  const std::string hidden =
      fc1_and_gelu(b.fc1, middle.normalised, name + "fc1");
  return residual_norm(matmul(hidden, b.fc2.weight, name + "fc2.weight"),
                       b.fc2.bias, middle.residual, norm_after(i),
                       name + "fc2");
}

std::string TowerWriter::fc1_and_gelu(const Linear& fc1, const std::string& in,
                                      const std::string& name) {
  const bool erf = tower_.gelu == Gelu::kErf;
  // The bias and GELU are one operator where there is one.
  if (cuda() || (erf && fc1.bias)) {
    const std::string fc1_out = matmul(in, fc1.weight, name + ".weight");
    const std::string hidden = unique_name("hidden");
    const std::string bias = fc1.bias ? weight(name + ".bias", fc1.bias) : "";
    const Activation kind = erf ? Activation::kGelu : Activation::kQuickGelu;
    if (cuda())
      cuda_node("BiasActivation", {fc1_out, bias}, {hidden},
                {Attribute::of("kind", static_cast<int>(kind))});
    else
      onnx.node("BiasGelu", kMicrosoft, {fc1_out, bias}, {hidden}, {});
    return hidden;
  }
  const std::string sum = linear(in, fc1.weight, fc1.bias, name);
  const std::string hidden = unique_name("hidden");
  if (erf)
    onnx.node("Gelu", "", {sum}, {hidden}, {});
  else
    onnx.node("QuickGelu", kMicrosoft, {sum}, {hidden},
              {Attribute::of("alpha", 1.702f)});
  return hidden;
}

}  // namespace alfa
