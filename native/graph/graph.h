// Architecture -> ONNX bytes: the packed forward of both towers (method sec. 2). A graph is a pure function of the
// architecture and of what is asked of it; the weights stay where they are and are named beside it.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/architecture.h"

namespace alfa {

struct Graph {
  std::string bytes;                                     // an ONNX model, weights external
  std::vector<std::pair<std::string, Weights>> weights;  // borrowed from the Architecture, in file order
};

struct ImageOutputs {
  bool value = false;  // also `value`, for the aligner and MaskCLIP
};

// Image tower. B images, R = 1 + grid*grid rows each, T packed rows in S segments.
//   patches [B*R, 3*patch*patch] fp32   row 0 of each image zero (the class token's place)
//   rows    [T] int32                   packed row -> row of `patches`
//   cu      [S+1] int32                 segment s is packed rows cu[s] .. cu[s+1]
//   pool    [S] int32                   the class row of each segment, as a packed row
//   embedding [S, E]   unit rows
//   value     [T, E]   normalise(proj(ln_post(V_last W_o + b_o))), unit rows
// `file`: the name under which weights stand as external data (for export).
Graph image_graph(const VisionTower& tower, int embed_dim, ImageOutputs outputs, const std::string& file = "image.onnx.data");

// Text tower, causal. n texts packed without padding: what follows the end token cannot be seen from it.
//   ids [T] int32, positions [T] int32, cu [n+1] int32, pool [n] int32 (each text's last row)
//   embedding [n, E]   unit rows
Graph text_graph(const TextTower& tower, int embed_dim, const std::string& file = "text.onnx.data");

// Writes `<name>.onnx` and `<name>.onnx.data` into the directory; opens in any ONNX viewer.
void write_graph(const Graph& graph, const std::string& directory, const std::string& name);

}  // namespace alfa
