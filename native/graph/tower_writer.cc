#include "graph/tower_writer.h"

namespace alfa {
namespace {

using kernels::Activation;
using onnx::Attribute;

bool contains(const std::vector<std::pair<std::string, Weights>>& weights,
              const std::string& name) {
  for (const auto& [known, _] : weights)
    if (known == name) return true;
  return false;
}

}  // namespace

std::string block_name(int i) { return "block" + std::to_string(i) + "."; }

Weights slice(const Weights& w, int64_t first, int64_t count) {
  int64_t row = 1;
  for (size_t i = 1; i < w.shape.size(); ++i) row *= w.shape[i];
  Weights s = w;
  s.data += first * row;
  s.shape[0] = count;
  return s;
}

std::string TowerWriter::unique_name(const std::string& hint) {
  return hint + "_" + std::to_string(name_count_++);
}

std::string TowerWriter::weight(const std::string& name, const Weights& w) {
  if (contains(weights_, name)) return name;
  const uint64_t bytes = w.count() * sizeof(float);
  onnx.external(name, onnx::Type::kFloat, w.shape, file_, offset_, bytes);
  weights_.emplace_back(name, w);
  offset_ += bytes;
  return name;
}

std::string TowerWriter::weight_of_element(const std::string& fp32_name,
                                           const Weights& w) {
  if (operators_ != OperatorSet::kCudaHalf) return weight(fp32_name, w);
  const std::string name = fp32_name + ".half";
  if (contains(half_weights_, name)) return name;
  const uint64_t bytes = w.count() * sizeof(uint16_t);
  onnx.external(name, onnx::Type::kHalf, w.shape, file_, offset_, bytes);
  half_weights_.emplace_back(name, w);
  offset_ += bytes;
  return name;
}

std::string TowerWriter::gather(const std::string& data,
                                const std::string& rows, std::string out) {
  if (out.empty()) out = unique_name("gathered");
  if (cuda())
    cuda_node("GatherRows", {data, rows}, {out});
  else
    onnx.node("Gather", "", {data, rows}, {out}, {Attribute::of("axis", 0)});
  return out;
}

std::string TowerWriter::layer_norm(const std::string& in, const LayerNorm& ln,
                                    const std::string& name) {
  const std::string out = unique_name("normalised");
  if (cuda()) {
    cuda_norm({.x = in,
               .ln = ln,
               .ln_name = name,
               .bias = "",
               .residual = "",
               .rows = "",
               .out = out,
               .sum = ""});
    return out;
  }
  onnx.node(
      "LayerNormalization", "",
      {in, weight(name + ".weight", ln.weight),
       weight(name + ".bias", ln.bias)},
      {out},
      {Attribute::of("axis", -1), Attribute::of("epsilon", tower_.epsilon)});
  return out;
}

std::string TowerWriter::matmul(const std::string& in, const Weights& w,
                                const std::string& name, bool transposed) {
  const std::string out = unique_name("matmul");
  const Attribute transpose = Attribute::of("transB", transposed ? 1 : 0);
  if (cuda())
    onnx.node("Gemm", "", {in, weight_of_element(name, w)}, {out}, {transpose});
  else
    onnx.node("FusedMatMul", kMicrosoft, {in, weight(name, w)}, {out},
              {transpose});
  return out;
}

std::string TowerWriter::linear(const std::string& in, const Weights& w,
                                const Weights& bias, const std::string& name) {
  if (!bias) return matmul(in, w, name + ".weight");
  const std::string out = unique_name("linear");
  if (cuda()) {
    // ONNX Runtime's CUDA Gemm adds a bias by a second matmul. Our operator is
    // faster.
    cuda_node("BiasActivation",
              {matmul(in, w, name + ".weight"), weight(name + ".bias", bias)},
              {out},
              {Attribute::of("kind", static_cast<int>(Activation::kNone))});
    return out;
  }
  onnx.node("Gemm", "",
            {in, weight(name + ".weight", w), weight(name + ".bias", bias)},
            {out}, {Attribute::of("transB", 1)});
  return out;
}

RowStream TowerWriter::residual_norm(
    const std::string& update, const Weights& bias, const std::string& residual,
    const LayerNorm& ln, const std::string& name, const std::string& rows) {
  const RowStream s{unique_name("residual"), unique_name("normalised"), "", ""};
  if (cuda()) {
    cuda_norm({.x = update,
               .ln = ln,
               .ln_name = name + ".norm",
               .bias = bias ? weight(name + ".bias", bias) : "",
               .residual = residual,
               .rows = rows,
               .out = s.normalised,
               .sum = s.residual});
    return s;
  }
  std::vector<std::string> inputs{update, residual,
                                  weight(name + ".norm.weight", ln.weight),
                                  weight(name + ".norm.bias", ln.bias)};
  if (bias) inputs.push_back(weight(name + ".bias", bias));
  onnx.node("SkipLayerNormalization", kMicrosoft, inputs,
            {s.normalised, "", "", s.residual},
            {Attribute::of("epsilon", tower_.epsilon)});
  return s;
}

RowStream TowerWriter::begin(const std::string& residual) {
  return {residual, layer_norm(residual, block_of(0).ln1, "block0.ln1"), "",
          ""};
}

RowStream TowerWriter::begin_with_positions(
    const std::string& embedded, const Weights& positions,
    const std::string& position_ids, const std::optional<LayerNorm>& ln_pre) {
  const std::string position_rows = weight_of_element("positions", positions);
  const std::string tokens = unique_name("tokens");
  if (ln_pre) {
    cuda_norm({.x = embedded,
               .ln = *ln_pre,
               .ln_name = "ln_pre",
               .bias = "",
               .residual = position_rows,
               .rows = position_ids,
               .out = tokens,
               .sum = ""});
    return begin(tokens);
  }
  const std::string normalised = unique_name("normalised");
  cuda_norm({.x = embedded,
             .ln = block_of(0).ln1,
             .ln_name = "block0.ln1",
             .bias = "",
             .residual = position_rows,
             .rows = position_ids,
             .out = normalised,
             .sum = tokens});
  return {tokens, normalised, "", ""};
}

void TowerWriter::project(const std::string& in, const std::string& out) {
  const Projection& p = tower_.projection;
  const std::string joint =
      p.weight ? matmul(in, p.weight, "projection", !p.input_rows) : in;
  if (cuda())
    cuda_node(out == "embedding" ? "UnitRowsFloat" : "UnitRows", {joint},
              {out});
  else
    onnx.node("LpNormalization", "", {joint}, {out},
              {Attribute::of("axis", -1), Attribute::of("p", 2)});
}

std::string TowerWriter::op(const std::string& type,
                            const std::vector<std::string>& inputs,
                            const std::vector<Attribute>& attributes) {
  const std::string out = unique_name(type);
  onnx.node(type, "", inputs, {out}, attributes);
  return out;
}

std::string TowerWriter::scalar(float value) {
  const std::string name = unique_name("scalar");
  onnx.constant(name, {}, std::vector<float>{value});
  return name;
}

void TowerWriter::cuda_node(const char* op, std::vector<std::string> inputs,
                            const std::vector<std::string>& outputs,
                            const std::vector<Attribute>& attributes) {
  while (inputs.back().empty()) inputs.pop_back();
  const char* domain =
      operators_ == OperatorSet::kCudaHalf ? "alfa.half" : "alfa.float";
  onnx.node(op, domain, inputs, outputs, attributes);
}

void TowerWriter::cuda_norm(const CudaNorm& n) {
  std::vector<std::string> outputs{n.out};
  if (!n.sum.empty()) outputs.push_back(n.sum);
  cuda_node(
      "ResidualNorm",
      {n.x, weight(n.ln_name + ".weight", n.ln.weight),
       weight(n.ln_name + ".bias", n.ln.bias), n.bias, n.residual, n.rows},
      outputs, {Attribute::of("epsilon", tower_.epsilon)});
}

Graph TowerWriter::finish() {
  return {onnx.bytes(), std::move(weights_), std::move(int8_weights_),
          std::move(half_weights_)};
}

}  // namespace alfa
