#include "graph/tower_writer.h"

namespace alfa {

using onnx::Type;

Graph text_graph(const TextTower& tower, int embed_dim,
                 const std::string& file) {
  TowerWriter w("text", tower, embed_dim, file);
  w.onnx.input("token_ids", Type::kInt32, {"packed_rows"});
  w.onnx.input("positions", Type::kInt32, {"packed_rows"});
  w.onnx.input("cu_seqlens", Type::kInt32, {"segments_plus_1"});
  w.onnx.input("pool_rows", Type::kInt32, {"segments"});
  w.onnx.output("embedding", Type::kFloat, {"segments", embed_dim});

  const std::string token_rows =
      w.gather(w.weight("token.embedding", tower.token_embedding), "token_ids");
  const std::string position_rows =
      w.gather(w.weight("position.embedding", tower.positions), "positions");
  w.onnx.node("Add", "", {token_rows, position_rows}, {"tokens"}, {});
  RowStream s = w.begin("tokens");
  for (int i = 0; i + 1 < tower.layers; ++i)
    s = w.block(i, s, "cu_seqlens", "", true);
  s = w.last_block(s, "cu_seqlens", "pool_rows");
  w.project(s.normalised, "embedding");
  return w.finish();
}

}  // namespace alfa
