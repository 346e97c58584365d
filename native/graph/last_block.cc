// The last block. Only the class rows need its output, and the values of its
// attention are an output of their own (docs/method.md, steps 4 and 5).
#include <cmath>

#include "graph/tower_writer.h"

namespace alfa {

using onnx::Attribute;

Weights TowerWriter::last_block_weight(int part) const {
  return slice(block_of(last()).qkv.weight, part * tower_.width, tower_.width);
}

Weights TowerWriter::last_block_bias(int part) const {
  const Weights& bias = block_of(last()).qkv.bias;
  return bias ? slice(bias, part * tower_.width, tower_.width) : Weights{};
}

RowStream TowerWriter::last_block(const RowStream& in,
                                  const std::string& segments,
                                  const std::string& pool_rows,
                                  const ImageOutputs& outputs) {
  if (!cuda() && !outputs.raw_value && !outputs.relevance)
    return last_block_absorbed(in, segments, pool_rows, outputs);
  const Block& b = block_of(last());
  const std::string name = block_name(last());
  const std::string q =
      linear(gather(in.normalised, pool_rows), last_block_weight(0),
             last_block_bias(0), name + "q");
  // The bias of k shifts all scores of a query by the same number, which
  // softmax ignores. CUDA leaves it out.
  const std::string k =
      linear(in.normalised, last_block_weight(1),
             cuda() ? Weights{} : last_block_bias(1), name + "k");
  const std::string v = linear(in.normalised, last_block_weight(2),
                               last_block_bias(2), name + "v");
  const std::string attended = unique_name("attended");
  const std::string residual = gather(in.residual, pool_rows);
  const Attribute heads = Attribute::of("heads", tower_.heads);
  const std::string pool_segments = cuda() ? "pool_bounds" : segments;
  if (cuda())
    cuda_node("SegmentPool", {q, k, v, pool_segments}, {attended}, {heads});
  else
    onnx.node("SegmentPool", "alfa", {q, k, v, pool_segments}, {attended},
              {heads});

  if (outputs.value)
    project(layer_norm(linear(v, b.out.weight, b.out.bias, name + "out"),
                       tower_.ln_last, name + "fc2.norm"),
            "value");
  if (outputs.raw_value)
    project(layer_norm(v, tower_.ln_last, name + "fc2.norm"), "raw_value");
  if (outputs.relevance) {
    const std::string target_attended = gather(attended, "target_segment");
    const std::string target_residual = gather(residual, "target_segment");
    const std::string gradient =
        cosine_gradient(target_attended, target_residual, "target");
    const std::vector<std::string> inputs{
        q, k, v, pool_segments, gradient, "target_segment"};
    if (cuda())
      cuda_node("SegmentRelevance", inputs, {"relevance"},
                {heads, Attribute::of("length", rows_per_image)});
    else
      onnx.node("SegmentRelevance", "alfa", inputs, {"relevance"}, {heads});
  }
  return after_attention(last(), attended, residual);
}

// The score of a key is q . (W_k x + b_k) = (q W_k) . x + q . b_k. The last
// term is the same for every key, and softmax ignores it. The weighted mean of
// the values is W_v (the weighted mean of x) + b_v. So W_k and W_v multiply one
// row per segment and head instead of every row.
RowStream TowerWriter::last_block_absorbed(const RowStream& in,
                                           const std::string& segments,
                                           const std::string& pool_rows,
                                           const ImageOutputs& outputs) {
  const int width = tower_.width;
  const int head_width = width / tower_.heads;
  const std::string name = block_name(last());
  // W_k or W_v as [heads, head_width, width].
  const auto weight_by_head = [&](int part, const char* label) {
    Weights w = last_block_weight(part);
    w.shape = {tower_.heads, head_width, width};
    return weight(name + label, w);
  };
  const std::string by_head = unique_name("by_head");
  const std::string joined = unique_name("joined");
  onnx.constant(by_head, {3},
                std::vector<int64_t>{-1, tower_.heads, head_width});
  onnx.constant(joined, {2}, std::vector<int64_t>{-1, width});
  // [segments, heads, ...] <-> [heads, segments, ...]
  const Attribute swap = Attribute::of("perm", std::vector<int64_t>{1, 0, 2});

  const std::string q =
      linear(gather(in.normalised, pool_rows), last_block_weight(0),
             last_block_bias(0), name + "q");
  const std::string queries =
      op("MatMul", {op("Transpose", {op("Reshape", {q, by_head})}, {swap}),
                    weight_by_head(1, "k.heads")});
  const std::string means = unique_name("means");
  onnx.node("AbsorbedAttention", "alfa", {queries, in.normalised, segments},
            {means},
            {Attribute::of("scale",
                           1.0f / std::sqrt(static_cast<float>(head_width)))});
  const std::string values = unique_name("values");
  onnx.node("FusedMatMul", kMicrosoft, {means, weight_by_head(2, "v.heads")},
            {values}, {Attribute::of("transB", 1)});
  std::string attended =
      op("Reshape", {op("Transpose", {values}, {swap}), joined});
  if (const Weights bias = last_block_bias(2))
    attended = op("Add", {attended, weight(name + "v.bias", bias)});

  if (outputs.value) value_of_absorbed_block(in.normalised);
  return after_attention(last(), attended, gather(in.residual, pool_rows));
}

// W_o (W_v x + b_v) + b_o = (W_o W_v) x + (W_o b_v + b_o). ONNX Runtime folds
// both constants when the session opens.
void TowerWriter::value_of_absorbed_block(const std::string& normalised) {
  const Block& b = block_of(last());
  const std::string name = block_name(last());
  const std::string v = weight(name + "v.weight", last_block_weight(2));
  const std::string out = weight(name + "out.weight", b.out.weight);
  std::vector<std::string> inputs{normalised, op("MatMul", {out, v})};
  std::string bias = b.out.bias ? weight(name + "out.bias", b.out.bias) : "";
  if (const Weights v_bias = last_block_bias(2)) {
    const std::string out_v_bias =
        op("MatMul", {out, weight(name + "v.bias", v_bias)});
    bias = bias.empty() ? out_v_bias : op("Add", {out_v_bias, bias});
  }
  if (!bias.empty()) inputs.push_back(bias);
  const std::string value = op("Gemm", inputs, {Attribute::of("transB", 1)});
  project(layer_norm(value, tower_.ln_last, name + "fc2.norm"), "value");
}

std::string TowerWriter::vv_block(int i, const std::string& qkv,
                                  const std::string& path) {
  const Linear& out = block_of(i).out;
  const std::string attended = attention(
      i, qkv, cuda() ? "whole_image_bounds" : "whole_image_cu_seqlens", "",
      {.values_only = true});
  return op("Add", {path, linear(attended, out.weight, out.bias,
                                 block_name(i) + "out")});
}

void TowerWriter::last_block_of_whole_images(const RowStream& in,
                                             const std::string& vv_path,
                                             const ImageOutputs& outputs) {
  const int i = last();
  const std::string packed = qkv(i, gather(in.normalised, "whole_image_rows"));
  if (outputs.path)
    project(layer_norm(vv_block(i, packed, vv_path), tower_.ln_last,
                       block_name(i) + "fc2.norm"),
            "path");
  if (outputs.layers.empty() || outputs.layers.back() != tower_.layers) return;
  const std::string attended = attention(
      i, packed, cuda() ? "whole_image_bounds" : "whole_image_cu_seqlens", "",
      {});
  const RowStream out =
      after_attention(i, attended, gather(in.residual, "whole_image_rows"));
  onnx.node("Identity", "", {out.residual},
            {"hidden" + std::to_string(tower_.layers)}, {});
}

}  // namespace alfa
