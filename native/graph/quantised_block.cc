// A block whose products run in 8 bits: rows of 8 bits with a scale each go in,
// 32-bit accumulators come out, and one pass over the rows (kernels/epilogue)
// does all that lies between a product and the next.
#include "graph/tower_writer.h"

namespace alfa {

using onnx::Attribute;

std::vector<std::string> TowerWriter::quantised_product(
    const Stream& in, const QuantisedLinear& w, const std::string& name) {
  const std::string matrix = name + ".int8", columns = name + ".scale",
                    bias = name + ".int8_bias", zero = "quantised_zero",
                    out = fresh("accumulators");
  if (int8_weights_.empty()) onnx.constant(zero, {}, std::vector<uint8_t>{128});
  const auto bytes = static_cast<uint64_t>(w.weight.size());
  onnx.external(matrix, onnx::Type::kInt8, {w.in, w.out}, file_, offset_,
                bytes);
  offset_ += bytes;
  int8_weights_.emplace_back(
      matrix, Graph::Int8Weights{w.weight.data(), {w.in, w.out}});
  weight(columns, {w.scale.data(), {w.out}});
  weight(bias, {w.bias.data(), {w.out}});
  onnx.node("MatMulInteger", "", {in.quantised, matrix, zero}, {out}, {});
  return {out, in.scale, columns, bias};
}

Stream TowerWriter::quantised_residual_norm(std::vector<std::string> inputs,
                                            const std::string& residual,
                                            const LayerNorm& ln,
                                            const std::string& name,
                                            bool to_8_bits) {
  Stream s{fresh("residual"), "", "", ""};
  std::vector<std::string> outputs{s.residual};
  inputs.insert(inputs.end(), {residual, weight(name + ".norm.gain", ln.weight),
                               weight(name + ".norm.bias", ln.bias)});
  if (to_8_bits) {
    s.quantised = fresh("quantised");
    s.scale = fresh("scale");
    outputs.insert(outputs.end(), {s.quantised, s.scale});
  } else {
    s.normalised = fresh("normalised");
    outputs.push_back(s.normalised);
  }
  onnx.node(to_8_bits ? "ResidualNormQuantize" : "ResidualNorm", "alfa", inputs,
            outputs, {Attribute::of("epsilon", tower_.epsilon)});
  return s;
}

std::string TowerWriter::quantised_qkv(int i, const Stream& in) {
  const std::string qkv = fresh("qkv");
  onnx.node("Dequantize", "alfa",
            quantised_product(in, *quantised(i)->qkv, block_name(i) + "qkv"),
            {qkv}, {});
  return qkv;
}

std::string TowerWriter::quantised_attention(int i, const Stream& in,
                                             const std::string& cu_seqlens) {
  const std::string attended = fresh("attended");
  std::vector<std::string> inputs =
      quantised_product(in, *quantised(i)->qkv, block_name(i) + "qkv");
  inputs.push_back(cu_seqlens);
  onnx.node("QuantizedSegmentAttention", "alfa", inputs, {attended},
            {Attribute::of("heads", tower_.heads)});
  return attended;
}

Stream TowerWriter::quantised_after_attention(int i,
                                              const std::string& attended,
                                              const std::string& residual) {
  const QuantisedBlock::Rest& rest = *quantised(i)->rest;
  const std::string name = block_name(i);
  const Stream rows{"", "", fresh("quantised"), fresh("scale")};
  onnx.node("QuantizeRows", "alfa", {attended}, {rows.quantised, rows.scale},
            {});
  const Stream middle = quantised_residual_norm(
      quantised_product(rows, rest.out, name + "out"), residual,
      tower_.blocks[i].ln2, name + "out", true);
  const Stream hidden{"", "", fresh("quantised"), fresh("scale")};
  onnx.node("GeluQuantize", "alfa",
            quantised_product(middle, rest.up, name + "up"),
            {hidden.quantised, hidden.scale},
            {Attribute::of("quick", tower_.gelu == Gelu::kQuick ? 1 : 0)});
  const bool last = i + 1 == tower_.layers;
  return quantised_residual_norm(
      quantised_product(hidden, rest.down, name + "down"), middle.residual,
      last ? tower_.ln_last : tower_.blocks[i + 1].ln1, name + "down",
      !last && quantised(i + 1)->qkv);
}

}  // namespace alfa
