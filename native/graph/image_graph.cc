#include <algorithm>
#include <iterator>

#include "graph/tower_writer.h"

namespace alfa {

using onnx::Type;

bool ImageOutputs::covers(const ImageOutputs& o) const {
  return value >= o.value && raw_value >= o.raw_value && path >= o.path &&
         relevance >= o.relevance &&
         std::includes(layers.begin(), layers.end(), o.layers.begin(),
                       o.layers.end());
}

void ImageOutputs::add(const ImageOutputs& o) {
  value |= o.value;
  raw_value |= o.raw_value;
  path |= o.path;
  relevance |= o.relevance;
  std::vector<int> all;
  std::set_union(layers.begin(), layers.end(), o.layers.begin(), o.layers.end(),
                 std::back_inserter(all));
  layers = std::move(all);
}

namespace {

void declare_inputs_and_outputs(TowerWriter& w, const VisionTower& tower,
                                int embed_dim, const ImageOutputs& outputs) {
  const Type element = w.element();
  w.onnx.input("patches", element, {"image_rows", tower.patch_weight.shape[1]});
  w.onnx.input("rows", Type::kInt32, {"packed_rows"});
  if (w.cuda()) {
    w.onnx.input("segment_bounds", Type::kInt32, {"packed_rows", 2});
    w.onnx.input("pool_bounds", Type::kInt32, {"segments", 2});
    w.onnx.input("position_ids", Type::kInt32, {"image_rows"});
  } else {
    w.onnx.input("cu_seqlens", Type::kInt32, {"segments_plus_1"});
  }
  w.onnx.input("pool_rows", Type::kInt32, {"segments"});
  w.onnx.output("embedding", Type::kFloat, {"segments", embed_dim});
  if (outputs.value)
    w.onnx.output("value", element, {"packed_rows", embed_dim});
  if (outputs.raw_value)
    w.onnx.output("raw_value", element, {"packed_rows", embed_dim});
  if (outputs.needs_whole_images()) {
    w.onnx.input("whole_image_rows", Type::kInt32, {"image_rows"});
    if (w.cuda())
      w.onnx.input("whole_image_bounds", Type::kInt32, {"image_rows", 2});
    else
      w.onnx.input("whole_image_cu_seqlens", Type::kInt32, {"images_plus_1"});
  }
  if (outputs.path) w.onnx.output("path", element, {"image_rows", embed_dim});
  for (const int layer : outputs.layers)
    w.onnx.output("hidden" + std::to_string(layer), element,
                  {"image_rows", tower.width});
  if (outputs.relevance) {
    w.onnx.input("target", Type::kFloat, {"targets", embed_dim});
    w.onnx.input("target_segment", Type::kInt32, {"targets"});
    w.onnx.output("relevance", Type::kFloat, {"targets", "segment_rows"});
  }
}

// Patch embedding, class and register tokens, and positions: one matmul and one
// sum. The positions include the class and register tokens, whose rows of
// `patches` are zeros.
RowStream embed_patches(TowerWriter& w, const VisionTower& tower,
                        int64_t rows_per_image) {
  const std::string embedded =
      w.matmul("patches", tower.patch_weight, "patch.weight");
  if (w.cuda())
    return w.begin_with_positions(embedded, tower.positions, "position_ids",
                                  tower.ln_pre);
  w.onnx.constant("per_image", {3},
                  std::vector<int64_t>{-1, rows_per_image, tower.width});
  w.onnx.constant("per_row", {2}, std::vector<int64_t>{-1, tower.width});
  w.onnx.node("Reshape", "", {embedded, "per_image"}, {"embedded"}, {});
  w.onnx.node("Add", "", {"embedded", w.weight("positions", tower.positions)},
              {"with_positions"}, {});
  w.onnx.node("Reshape", "", {"with_positions", "per_row"}, {"tokens"}, {});
  return w.begin(tower.ln_pre ? w.layer_norm("tokens", *tower.ln_pre, "ln_pre")
                              : "tokens");
}

Graph write_image_graph(TowerWriter w, const VisionTower& tower, int embed_dim,
                        const ImageOutputs& outputs) {
  w.rows_per_image = tower.prefix + int64_t{tower.grid} * tower.grid;
  declare_inputs_and_outputs(w, tower, embed_dim, outputs);
  const std::string segments = w.cuda() ? "segment_bounds" : "cu_seqlens";

  // The hidden rows after `layer` blocks, if they are an output.
  const auto write_hidden = [&](const RowStream& s, int layer) {
    const auto& layers = outputs.layers;
    if (std::find(layers.begin(), layers.end(), layer) != layers.end())
      w.gather(s.residual, "whole_image_rows",
               "hidden" + std::to_string(layer));
  };

  RowStream s = embed_patches(w, tower, w.rows_per_image);
  // The V-V path, [B*R, width]: the rows of the whole images, not packed.
  std::string vv_path = s.residual;
  if (tower.layers == 1) {
    s = {w.gather(s.residual, "rows"), w.gather(s.normalised, "rows"), "", ""};
  } else {
    std::string qkv;
    std::string* wanted_qkv = outputs.path ? &qkv : nullptr;
    // Block 0 computes q, k and v once per patch. The windows read them through
    // `rows`, so the stream is packed only after it.
    s = w.block(0, s, segments, "rows", false, wanted_qkv);
    if (outputs.path) vv_path = w.vv_block(0, qkv, vv_path);
    write_hidden(s, 1);
    for (int i = 1; i + 1 < tower.layers; ++i) {
      s = w.block(i, s, segments, "", false, wanted_qkv);
      if (outputs.path)
        vv_path = w.vv_block(i, w.gather(qkv, "whole_image_rows"), vv_path);
      write_hidden(s, i + 1);
    }
  }
  if (outputs.needs_whole_images())
    w.last_block_of_whole_images(s, vv_path, outputs);
  s = w.last_block(s, segments, "pool_rows", outputs);
  w.project(s.normalised, "embedding");
  return w.finish();
}

}  // namespace

Graph image_graph(const VisionTower& tower, int embed_dim, ImageOutputs outputs,
                  const QuantisedTower* quantised, const std::string& file) {
  return write_image_graph(
      TowerWriter("image", tower, embed_dim, file, quantised), tower, embed_dim,
      outputs);
}

Graph cuda_image_graph(const VisionTower& tower, int embed_dim,
                       ImageOutputs outputs, OperatorSet operators) {
  return write_image_graph(
      TowerWriter("image", tower, embed_dim, "", nullptr, operators), tower,
      embed_dim, outputs);
}

}  // namespace alfa
