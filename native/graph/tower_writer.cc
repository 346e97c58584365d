#include "graph/tower_writer.h"

#include <cmath>

#include "kernels/epilogue/epilogue.h"

namespace alfa {
namespace {

const char* kMicrosoft = "com.microsoft";
using kernels::Activation;
using onnx::Attribute;

Attribute kind(Activation activation) {
  return Attribute::of("kind", static_cast<int>(activation));
}  // of BiasActivation

// `count` rows of a matrix or entries of a vector, from `first` on.
Weights slice(const Weights& w, int64_t first, int64_t count) {
  int64_t row = 1;
  for (size_t i = 1; i < w.shape.size(); ++i) row *= w.shape[i];
  Weights s = w;
  s.data += first * row;
  s.shape[0] = count;
  return s;
}

}  // namespace

std::string block_name(int i) { return "block" + std::to_string(i) + "."; }

std::string TowerWriter::fresh(const std::string& hint) {
  return hint + "_" + std::to_string(next_++);
}

std::string TowerWriter::weight(const std::string& name, const Weights& w) {
  for (const auto& [known, _] : weights_)
    if (known == name) return name;
  const uint64_t bytes = w.count() * sizeof(float);
  onnx.external(name, onnx::Type::kFloat, w.shape, file_, offset_, bytes);
  weights_.emplace_back(name, w);
  offset_ += bytes;
  return name;
}

std::string TowerWriter::operand(const std::string& given, const Weights& w) {
  if (dialect_ != OperatorSet::kCudaHalf) return weight(given, w);
  const std::string name = given + ".half";
  for (const auto& [known, _] : half_weights_)
    if (known == name) return name;
  const uint64_t bytes = w.count() * sizeof(uint16_t);
  onnx.external(name, onnx::Type::kHalf, w.shape, file_, offset_, bytes);
  half_weights_.emplace_back(name, w);
  offset_ += bytes;
  return name;
}

std::string TowerWriter::gather(const std::string& data,
                                const std::string& rows, std::string out) {
  if (out.empty()) out = fresh("gathered");
  if (gpu())
    ours("GatherRows", {data, rows}, {out}, {});
  else
    onnx.node("Gather", "", {data, rows}, {out}, {Attribute::of("axis", 0)});
  return out;
}

std::string TowerWriter::layer_norm(const std::string& in, const LayerNorm& ln,
                                    const std::string& name) {
  const std::string out = fresh("normalised");
  if (gpu()) {
    norm(in, {}, "", "", "", ln, name, out, "");
    return out;
  }
  onnx.node(
      "LayerNormalization", "",
      {in, weight(name + ".gain", ln.weight), weight(name + ".bias", ln.bias)},
      {out},
      {Attribute::of("axis", -1), Attribute::of("epsilon", tower_.epsilon)});
  return out;
}

std::string TowerWriter::product(const std::string& in, const Weights& w,
                                 const std::string& name, bool transposed) {
  const std::string out = fresh("product");
  if (gpu())
    onnx.node("Gemm", "", {in, operand(name, w)}, {out},
              {Attribute::of("transB", transposed ? 1 : 0)});
  else
    onnx.node("FusedMatMul", kMicrosoft, {in, weight(name, w)}, {out},
              {Attribute::of("transB", transposed ? 1 : 0)});
  return out;
}

std::string TowerWriter::product(const std::string& in, const Weights& w,
                                 const Weights& bias, const std::string& name) {
  if (!bias) return product(in, w, name + ".weight");
  const std::string out = fresh("product");
  if (gpu()) {  // Gemm there spreads a bias over the rows by another product
    ours("BiasActivation",
         {product(in, w, name + ".weight"), weight(name + ".bias", bias)},
         {out}, {kind(Activation::kNone)});
    return out;
  }
  onnx.node("Gemm", "",
            {in, weight(name + ".weight", w), weight(name + ".bias", bias)},
            {out}, {Attribute::of("transB", 1)});
  return out;
}

Stream TowerWriter::residual_norm(const std::string& update,
                                  const Weights& bias,
                                  const std::string& residual,
                                  const LayerNorm& ln, const std::string& name,
                                  const std::string& rows) {
  Stream s{fresh("residual"), fresh("normalised"), "", ""};
  if (gpu()) {
    norm(update, bias, name + ".bias", residual, rows, ln, name + ".norm",
         s.normalised, s.residual);
    return s;
  }
  std::vector<std::string> inputs{update, residual,
                                  weight(name + ".norm.gain", ln.weight),
                                  weight(name + ".norm.bias", ln.bias)};
  if (bias) inputs.push_back(weight(name + ".bias", bias));
  onnx.node("SkipLayerNormalization", kMicrosoft, inputs,
            {s.normalised, "", "", s.residual},
            {Attribute::of("epsilon", tower_.epsilon)});
  return s;
}

Stream TowerWriter::begin(const std::string& residual) {
  return {residual, layer_norm(residual, tower_.blocks[0].ln1, "block0.ln1"),
          "", ""};
}

Stream TowerWriter::begin_at(const std::string& product,
                             const Weights& positions, const std::string& place,
                             const std::optional<LayerNorm>& ln_pre) {
  const std::string added = operand("positions", positions);
  if (ln_pre) {
    const std::string tokens = fresh("tokens");
    norm(product, {}, "", added, place, *ln_pre, "ln_pre", tokens, "");
    return begin(tokens);
  }
  Stream s{fresh("tokens"), fresh("normalised"), "", ""};
  norm(product, {}, "", added, place, tower_.blocks[0].ln1, "block0.ln1",
       s.normalised, s.residual);
  return s;
}

Stream TowerWriter::after_attention(int i, const std::string& attended,
                                    const std::string& residual,
                                    const std::string& rows) {
  if (quantised(i) && quantised(i)->rest)
    return quantised_after_attention(i, attended, residual);
  const Block& b = tower_.blocks[i];
  const std::string name = block_name(i);
  const Stream middle =
      residual_norm(product(attended, b.out.weight, name + "out.weight"),
                    b.out.bias, residual, b.ln2, name + "out", rows);
  const std::string hidden = activated(b.fc1, middle.normalised, name + "up");
  const bool last = i + 1 == tower_.layers;
  return residual_norm(product(hidden, b.fc2.weight, name + "down.weight"),
                       b.fc2.bias, middle.residual,
                       last ? tower_.ln_last : tower_.blocks[i + 1].ln1,
                       name + "down");
}

std::string TowerWriter::activated(const Linear& up, const std::string& in,
                                   const std::string& name) {
  const bool erf = tower_.gelu == Gelu::kErf;
  if (gpu()) {
    const std::string raised = product(in, up.weight, name + ".weight"),
                      hidden = fresh("hidden");
    ours("BiasActivation",
         {raised, up.bias ? weight(name + ".bias", up.bias) : ""}, {hidden},
         {kind(erf ? Activation::kGelu : Activation::kQuickGelu)});
    return hidden;
  }
  if (erf && up.bias) {
    const std::string raised = product(in, up.weight, name + ".weight"),
                      hidden = fresh("hidden");
    onnx.node("BiasGelu", kMicrosoft, {raised, weight(name + ".bias", up.bias)},
              {hidden}, {});
    return hidden;
  }
  const std::string raised = product(in, up.weight, up.bias, name),
                    hidden = fresh("hidden");
  if (erf)
    onnx.node("Gelu", "", {raised}, {hidden}, {});
  else
    onnx.node("QuickGelu", kMicrosoft, {raised}, {hidden},
              {Attribute::of("alpha", 1.702f)});
  return hidden;
}

std::string TowerWriter::qkv(int i, const std::string& normalised) {
  const Linear& l = tower_.blocks[i].qkv;
  return gpu() ? product(normalised, l.weight, block_name(i) + "qkv.weight")
               : product(normalised, l.weight, l.bias, block_name(i) + "qkv");
}

std::string TowerWriter::attention(const std::string& qkv, const Weights& bias,
                                   const std::string& name,
                                   const std::string& cu_seqlens,
                                   const std::string& rows, bool causal,
                                   bool values_only) {
  std::vector<std::string> inputs{qkv, cu_seqlens};
  const std::string attended = fresh("attended");
  if (gpu()) {
    inputs.insert(inputs.end(), {rows, bias ? weight(name, bias) : ""});
    ours("SegmentAttention", inputs, {attended},
         {Attribute::of("heads", tower_.heads),
          Attribute::of("causal", causal ? 1 : 0),
          Attribute::of("values_only", values_only ? 1 : 0)});
    return attended;
  }
  if (!rows.empty()) inputs.push_back(rows);
  onnx.node("SegmentAttention", "alfa", inputs, {attended},
            {Attribute::of("heads", tower_.heads),
             Attribute::of("causal", causal ? 1 : 0),
             Attribute::of("values_only", values_only ? 1 : 0)});
  return attended;
}

Stream TowerWriter::block(int i, const Stream& in,
                          const std::string& cu_seqlens,
                          const std::string& rows, bool causal,
                          std::string* qkv_out) {
  const bool in_8_bits = quantised(i) && quantised(i)->qkv;
  if (in_8_bits && !qkv_out)
    return after_attention(i, quantised_attention(i, in, cu_seqlens),
                           in.residual);
  const std::string packed =
      in_8_bits ? quantised_qkv(i, in) : qkv(i, in.normalised);
  if (qkv_out) *qkv_out = packed;
  const std::string attended =
      attention(packed, tower_.blocks[i].qkv.bias, block_name(i) + "qkv.bias",
                cu_seqlens, rows, causal, false);
  if (gpu()) return after_attention(i, attended, in.residual, rows);
  return after_attention(
      i, attended, rows.empty() ? in.residual : gather(in.residual, rows));
}

Stream TowerWriter::last_block(const Stream& in, const std::string& cu_seqlens,
                               const std::string& pool,
                               const ImageOutputs& outputs) {
  if (!gpu() && !outputs.raw_value && !outputs.relevance)
    return last_block_absorbed(in, cu_seqlens, pool, outputs);
  const int i = tower_.layers - 1, width = tower_.width;
  const Block& b = tower_.blocks[i];
  const std::string name = block_name(i);
  const auto part = [&](const std::string& rows, int which, const char* label,
                        bool biased = true) {
    const Weights bias = b.qkv.bias && biased
                             ? slice(b.qkv.bias, which * width, width)
                             : Weights{};
    return product(rows, slice(b.qkv.weight, which * width, width), bias,
                   name + label);
  };
  const std::string q = part(gather(in.normalised, pool), 0, "q");
  const std::string k = part(in.normalised, 1, "k", !gpu()),
                    v = part(in.normalised, 2, "v");
  const std::string attended = fresh("attended"),
                    residual = gather(in.residual, pool);
  const std::vector<std::string> pooled{q, k, v,
                                        gpu() ? "pool_bounds" : cu_seqlens};
  if (gpu())
    ours("SegmentPool", pooled, {attended},
         {Attribute::of("heads", tower_.heads)});
  else
    onnx.node("SegmentPool", "alfa", pooled, {attended},
              {Attribute::of("heads", tower_.heads)});

  if (outputs.value)
    project(layer_norm(product(v, b.out.weight, b.out.bias, name + "out"),
                       tower_.ln_last, name + "down.norm"),
            "value");
  if (outputs.raw_value)
    project(layer_norm(v, tower_.ln_last, name + "down.norm"), "raw_value");
  if (outputs.relevance) {
    const std::string gradient =
        cosine_gradient(gather(attended, "target_segment"),
                        gather(residual, "target_segment"), "target");
    const std::vector<std::string> inputs{
        q,        k,
        v,        gpu() ? "pool_bounds" : cu_seqlens,
        gradient, "target_segment"};
    if (gpu())
      ours("SegmentRelevance", inputs, {"relevance"},
           {Attribute::of("heads", tower_.heads),
            Attribute::of("length", whole_rows)});
    else
      onnx.node("SegmentRelevance", "alfa", inputs, {"relevance"},
                {Attribute::of("heads", tower_.heads)});
  }
  return after_attention(i, attended, residual);
}

Stream TowerWriter::last_block_absorbed(const Stream& in,
                                        const std::string& cu_seqlens,
                                        const std::string& pool,
                                        const ImageOutputs& outputs) {
  const int i = tower_.layers - 1, width = tower_.width,
            head_width = width / tower_.heads;
  const Block& b = tower_.blocks[i];
  const std::string name = block_name(i);
  const auto of_heads = [&](int which,
                            const char* label) {  // [heads, head_width, width]
    Weights w = slice(b.qkv.weight, which * width, width);
    w.shape = {tower_.heads, head_width, width};
    return weight(name + label, w);
  };
  const auto bias_of = [&](int which) {
    return b.qkv.bias ? slice(b.qkv.bias, which * width, width) : Weights{};
  };
  const std::string apart = fresh("apart"), together = fresh("together");
  onnx.constant(apart, {3}, std::vector<int64_t>{-1, tower_.heads, head_width});
  onnx.constant(together, {2}, std::vector<int64_t>{-1, width});
  const Attribute turned = Attribute::of("perm", std::vector<int64_t>{1, 0, 2});

  // q . (W_k x + b_k) is (q W_k) . x and what is the same for every key, which
  // softmax does not see.
  const std::string q =
      product(gather(in.normalised, pool), slice(b.qkv.weight, 0, width),
              bias_of(0), name + "q");
  const std::string queries =
      op("MatMul", {op("Transpose", {op("Reshape", {q, apart})}, {turned}),
                    of_heads(1, "k.heads")});
  const std::string mixed = fresh("mixed"), values = fresh("values");
  onnx.node("AbsorbedAttention", "alfa", {queries, in.normalised, cu_seqlens},
            {mixed},
            {Attribute::of("scale",
                           1.0f / std::sqrt(static_cast<float>(head_width)))});
  onnx.node("FusedMatMul", kMicrosoft, {mixed, of_heads(2, "v.heads")},
            {values}, {Attribute::of("transB", 1)});
  std::string attended =
      op("Reshape", {op("Transpose", {values}, {turned}), together});
  if (b.qkv.bias)
    attended = op("Add", {attended, weight(name + "v.bias", bias_of(2))});

  if (outputs.value) {  // W_o (W_v x + b_v) + b_o: both products of weights are
                        // constants, which the session folds
    const std::string v = weight(name + "v.weight",
                                 slice(b.qkv.weight, 2 * width, width)),
                      out = weight(name + "out.weight", b.out.weight);
    std::vector<std::string> inputs{in.normalised, op("MatMul", {out, v})};
    std::string bias = b.out.bias ? weight(name + "out.bias", b.out.bias) : "";
    if (b.qkv.bias) {
      const std::string through =
          op("MatMul", {out, weight(name + "v.bias", bias_of(2))});
      bias = bias.empty() ? through : op("Add", {through, bias});
    }
    if (!bias.empty()) inputs.push_back(bias);
    const std::string value = op("Gemm", inputs, {Attribute::of("transB", 1)});
    project(layer_norm(value, tower_.ln_last, name + "down.norm"), "value");
  }
  return after_attention(i, attended, gather(in.residual, pool));
}

std::string TowerWriter::value_path(int i, const std::string& qkv,
                                    const std::string& path) {
  const Block& b = tower_.blocks[i];
  const std::string attended = attention(
      qkv, b.qkv.bias, block_name(i) + "qkv.bias",
      gpu() ? "whole_image_bounds" : "whole_image_cu_seqlens", "", false, true);
  return op("Add", {path, product(attended, b.out.weight, b.out.bias,
                                  block_name(i) + "out")});
}

void TowerWriter::last_block_whole(const Stream& in, const std::string& path,
                                   const ImageOutputs& outputs) {
  const int i = tower_.layers - 1;
  const Block& b = tower_.blocks[i];
  const std::string packed = qkv(i, gather(in.normalised, "whole_image_rows"));
  if (outputs.path)
    project(layer_norm(value_path(i, packed, path), tower_.ln_last,
                       block_name(i) + "down.norm"),
            "path");
  if (!outputs.layers.empty() && outputs.layers.back() == tower_.layers) {
    const std::string attended =
        attention(packed, b.qkv.bias, block_name(i) + "qkv.bias",
                  gpu() ? "whole_image_bounds" : "whole_image_cu_seqlens", "",
                  false, false);
    const Stream out =
        after_attention(i, attended, gather(in.residual, "whole_image_rows"));
    onnx.node("Identity", "", {out.residual},
              {"hidden" + std::to_string(tower_.layers)}, {});
  }
}

void TowerWriter::project(const std::string& in, const std::string& out) {
  const std::string joint =
      tower_.projection.weight
          ? product(in, tower_.projection.weight, "projection",
                    !tower_.projection.input_rows)
          : in;
  if (gpu())
    ours(out == "embedding" ? "UnitRowsFloat" : "UnitRows", {joint}, {out}, {});
  else
    onnx.node("LpNormalization", "", {joint}, {out},
              {Attribute::of("axis", -1), Attribute::of("p", 2)});
}

std::string TowerWriter::op(const std::string& type,
                            const std::vector<std::string>& inputs,
                            const std::vector<Attribute>& attributes) {
  const std::string out = fresh(type);
  onnx.node(type, "", inputs, {out}, attributes);
  return out;
}

std::string TowerWriter::number(float value) {
  const std::string name = fresh("number");
  onnx.constant(name, {}, std::vector<float>{value});
  return name;
}

void TowerWriter::ours(const char* op, std::vector<std::string> inputs,
                       const std::vector<std::string>& outputs,
                       const std::vector<Attribute>& attributes) {
  while (inputs.back().empty()) inputs.pop_back();
  onnx.node(op, dialect_ == OperatorSet::kCudaHalf ? "alfa.half" : "alfa.float",
            inputs, outputs, attributes);
}

void TowerWriter::norm(const std::string& x, const Weights& bias,
                       const std::string& bias_name,
                       const std::string& residual, const std::string& rows,
                       const LayerNorm& ln, const std::string& ln_name,
                       const std::string& out, const std::string& sum) {
  std::vector<std::string> outputs{out};
  if (!sum.empty()) outputs.push_back(sum);
  ours("ResidualNorm",
       {x, weight(ln_name + ".gain", ln.weight),
        weight(ln_name + ".bias", ln.bias), bias ? weight(bias_name, bias) : "",
        residual, rows},
       outputs, {Attribute::of("epsilon", tower_.epsilon)});
}

Graph TowerWriter::finish() {
  return {onnx.bytes(), std::move(weights_), std::move(int8_weights_),
          std::move(half_weights_)};
}

}  // namespace alfa
