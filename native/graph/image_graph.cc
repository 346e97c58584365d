#include <algorithm>

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

Graph image_graph(TowerWriter w, const VisionTower& tower, int embed_dim,
                  const ImageOutputs& outputs) {
  const int64_t rows = tower.prefix + int64_t{tower.grid} * tower.grid;
  const Type element = w.element();
  w.whole_rows = rows;
  w.onnx.input("patches", element, {"image_rows", tower.patch_weight.shape[1]});
  w.onnx.input("rows", Type::kInt32, {"packed_rows"});
  if (w.gpu()) {
    w.onnx.input("segment_bounds", Type::kInt32, {"packed_rows", 2});
    w.onnx.input("pool_bounds", Type::kInt32, {"segments", 2});
  } else {
    w.onnx.input("cu_seqlens", Type::kInt32, {"segments_1"});
  }
  const std::string segments = w.gpu() ? "segment_bounds" : "cu_seqlens";
  w.onnx.input("pool_rows", Type::kInt32, {"segments"});
  w.onnx.output("embedding", Type::kFloat, {"segments", embed_dim});
  if (outputs.value)
    w.onnx.output("value", element, {"packed_rows", embed_dim});
  if (outputs.raw_value)
    w.onnx.output("raw_value", element, {"packed_rows", embed_dim});
  if (outputs.whole()) {
    w.onnx.input("whole_image_rows", Type::kInt32, {"image_rows"});
    if (w.gpu())
      w.onnx.input("whole_image_bounds", Type::kInt32, {"image_rows", 2});
    else
      w.onnx.input("whole_image_cu_seqlens", Type::kInt32, {"images_1"});
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

  // Patch embedding, class token and positions: one product and one sum, since
  // positions carry the class embedding.
  const std::string embedded =
      w.product("patches", tower.patch_weight, "patch.weight");
  Stream s;
  if (w.gpu()) {
    w.onnx.input("position_ids", Type::kInt32, {"image_rows"});
    s = w.begin_at(embedded, tower.positions, "position_ids", tower.ln_pre);
  } else {
    w.onnx.constant("per_image", {3},
                    std::vector<int64_t>{-1, rows, tower.width});
    w.onnx.constant("per_row", {2}, std::vector<int64_t>{-1, tower.width});
    w.onnx.node("Reshape", "", {embedded, "per_image"}, {"embedded"}, {});
    w.onnx.node("Add", "", {"embedded", w.weight("positions", tower.positions)},
                {"placed"}, {});
    w.onnx.node("Reshape", "", {"placed", "per_row"}, {"tokens"}, {});
    s = w.begin(tower.ln_pre ? w.layer_norm("tokens", *tower.ln_pre, "ln_pre")
                             : "tokens");
  }
  const auto keep =
      [&](int layer) {  // the output of block `layer`, counted from 1
        if (std::find(outputs.layers.begin(), outputs.layers.end(), layer) !=
            outputs.layers.end())
          w.gather(s.residual, "whole_image_rows",
                   "hidden" + std::to_string(layer));
      };
  std::string path = s.residual;  // images one after another, row for row: what
                                  // `whole` picks out of packed rows
  if (tower.layers == 1) {
    s = {w.gather(s.residual, "rows"), w.gather(s.normalised, "rows"), "", ""};
  } else {
    // Layer 0 sees each patch once: q, k, v are computed per patch and the
    // windows read them through `rows`.
    std::string qkv;
    std::string* wanted = outputs.path ? &qkv : nullptr;
    s = w.block(0, s, segments, "rows", false, wanted);
    if (outputs.path) path = w.value_path(0, qkv, path);
    keep(1);
    for (int i = 1; i + 1 < tower.layers; ++i) {
      s = w.block(i, s, segments, "", false, wanted);
      if (outputs.path)
        path = w.value_path(i, w.gather(qkv, "whole_image_rows"), path);
      keep(i + 1);
    }
  }
  if (outputs.whole()) w.last_block_whole(s, path, outputs);
  s = w.last_block(s, segments, "pool_rows", outputs);
  w.project(s.normalised, "embedding");
  return w.finish();
}

}  // namespace

Graph image_graph(const VisionTower& tower, int embed_dim, ImageOutputs outputs,
                  const QuantisedTower* quantised, const std::string& file) {
  return image_graph(TowerWriter("image", tower, embed_dim, file, quantised),
                     tower, embed_dim, outputs);
}

Graph cuda_image_graph(const VisionTower& tower, int embed_dim,
                       ImageOutputs outputs, OperatorSet dialect) {
  return image_graph(
      TowerWriter("image", tower, embed_dim, "", nullptr, dialect), tower,
      embed_dim, outputs);
}

}  // namespace alfa
