#include "graph/tower_writer.h"

namespace alfa {

using onnx::Attribute;
using onnx::Type;

Graph image_graph(const VisionTower& tower, int embed_dim, ImageOutputs outputs, const std::string& file) {
  TowerWriter w("image", tower, embed_dim, file);
  const int64_t rows = tower.prefix + int64_t{tower.grid} * tower.grid;
  w.onnx.input("patches", Type::kFloat, {"image_rows", tower.patch_weight.shape[1]});
  w.onnx.input("rows", Type::kInt32, {"packed_rows"});
  w.onnx.input("cu", Type::kInt32, {"segments_1"});
  w.onnx.input("pool", Type::kInt32, {"segments"});
  w.onnx.output("embedding", Type::kFloat, {"segments", embed_dim});
  if (outputs.value) w.onnx.output("value", Type::kFloat, {"packed_rows", embed_dim});

  // Patch embedding, class token and positions: one product and one sum, since positions carry the class embedding.
  w.onnx.constant("per_image", {3}, std::vector<int64_t>{-1, rows, tower.width});
  w.onnx.constant("per_row", {2}, std::vector<int64_t>{-1, tower.width});
  w.onnx.node("Reshape", "", {w.product("patches", tower.patch_weight, "patch.weight"), "per_image"}, {"embedded"}, {});
  w.onnx.node("Add", "", {"embedded", w.weight("positions", tower.positions)}, {"placed"}, {});
  w.onnx.node("Reshape", "", {"placed", "per_row"}, {"tokens"}, {});

  Stream s = w.begin(tower.ln_pre ? w.layer_norm("tokens", *tower.ln_pre, "ln_pre") : "tokens");
  if (tower.layers == 1) {
    s = {w.gather(s.residual, "rows"), w.gather(s.normalised, "rows")};
  } else {
    // Layer 0 sees each patch once: q, k, v are computed per patch and the windows read them through `rows`.
    s = w.block(0, s, "cu", "rows", false);
    for (int i = 1; i + 1 < tower.layers; ++i) s = w.block(i, s, "cu", "", false);
  }
  s = w.last_block(s, "cu", "pool", outputs.value ? "value" : "");
  w.project(s.normalised, "embedding");
  return w.finish();
}

}  // namespace alfa
