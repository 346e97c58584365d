// A block whose matmuls run in 8 bits (docs/int8.md). A matmul takes rows of 8
// bits with one scale each and returns 32-bit accumulators. One epilogue
// (kernels/epilogue) does everything between two matmuls.
#include "graph/tower_writer.h"
#include "kernels/epilogue/epilogue.h"

namespace alfa {

using onnx::Attribute;

std::vector<std::string> TowerWriter::quantised_matmul(
    const RowStream& in, const QuantisedLinear& w, const std::string& name) {
  const std::string matrix = name + ".int8";
  const std::string column_scale = name + ".scale";
  const std::string bias = name + ".int8_bias";
  const std::string zero = "quantised_zero";
  const std::string out = unique_name("accumulators");
  if (int8_weights_.empty())
    onnx.constant(zero, {}, std::vector<uint8_t>{kernels::kQuantisedZero});
  const auto bytes = static_cast<uint64_t>(w.weight.size());
  onnx.external(matrix, onnx::Type::kInt8, {w.in, w.out}, file_, offset_,
                bytes);
  offset_ += bytes;
  int8_weights_.emplace_back(
      matrix, Graph::Int8Weights{w.weight.data(), {w.in, w.out}});
  weight(column_scale, {w.scale.data(), {w.out}});
  weight(bias, {w.bias.data(), {w.out}});
  onnx.node("MatMulInteger", "", {in.quantised, matrix, zero}, {out}, {});
  return {out, in.scale, column_scale, bias};
}

RowStream TowerWriter::quantised_residual_norm(std::vector<std::string> inputs,
                                               const std::string& residual,
                                               const LayerNorm& ln,
                                               const std::string& name,
                                               bool next_in_8_bits) {
  RowStream s{unique_name("residual"), "", "", ""};
  std::vector<std::string> outputs{s.residual};
  inputs.insert(inputs.end(),
                {residual, weight(name + ".norm.weight", ln.weight),
                 weight(name + ".norm.bias", ln.bias)});
  if (next_in_8_bits) {
    s.quantised = unique_name("quantised");
    s.scale = unique_name("scale");
    outputs.insert(outputs.end(), {s.quantised, s.scale});
  } else {
    s.normalised = unique_name("normalised");
    outputs.push_back(s.normalised);
  }
  onnx.node(next_in_8_bits ? "ResidualNormQuantize" : "ResidualNorm", "alfa",
            inputs, outputs, {Attribute::of("epsilon", tower_.epsilon)});
  return s;
}

std::string TowerWriter::quantised_qkv(int i, const RowStream& in) {
  const std::string qkv = unique_name("qkv");
  onnx.node("Dequantize", "alfa",
            quantised_matmul(in, *quantised(i)->qkv, block_name(i) + "qkv"),
            {qkv}, {});
  return qkv;
}

std::string TowerWriter::quantised_attention(int i, const RowStream& in,
                                             const std::string& cu_seqlens) {
  const std::string attended = unique_name("attended");
  std::vector<std::string> inputs =
      quantised_matmul(in, *quantised(i)->qkv, block_name(i) + "qkv");
  inputs.push_back(cu_seqlens);
  onnx.node("QuantizedSegmentAttention", "alfa", inputs, {attended},
            {Attribute::of("heads", tower_.heads)});
  return attended;
}

RowStream TowerWriter::quantised_after_attention(int i,
                                                 const std::string& attended,
                                                 const std::string& residual) {
  const QuantisedBlock::AfterAttention& layers = *quantised(i)->after_attention;
  const std::string name = block_name(i);
  const RowStream rows{"", "", unique_name("quantised"), unique_name("scale")};
  onnx.node("QuantizeRows", "alfa", {attended}, {rows.quantised, rows.scale},
            {});
  const RowStream middle =
      quantised_residual_norm(quantised_matmul(rows, layers.out, name + "out"),
                              residual, block_of(i).ln2, name + "out", true);
  const RowStream hidden{"", "", unique_name("quantised"),
                         unique_name("scale")};
  onnx.node("GeluQuantize", "alfa",
            quantised_matmul(middle, layers.fc1, name + "fc1"),
            {hidden.quantised, hidden.scale},
            {Attribute::of("quick", tower_.gelu == Gelu::kQuick ? 1 : 0)});
  return quantised_residual_norm(
      quantised_matmul(hidden, layers.fc2, name + "fc2"), middle.residual,
      norm_after(i), name + "fc2", i < last() && quantised(i + 1)->qkv);
}

}  // namespace alfa
