// Architecture -> ONNX bytes: the packed forward of both towers (method sec.
// 2). A graph is a pure function of the architecture and of what is asked of
// it; the weights stay where they are and are named beside it.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/architecture.h"
#include "graph/quantised.h"

namespace alfa {

struct Graph {
  std::string bytes;  // an ONNX model, weights external
  std::vector<std::pair<std::string, Weights>>
      weights;  // borrowed from the Architecture, in file order
  struct Int8Weights {
    const int8_t* data;
    std::vector<int64_t> shape;
  };
  std::vector<std::pair<std::string, Int8Weights>>
      int8_weights;  // borrowed from a QuantisedTower
  std::vector<std::pair<std::string, Weights>>
      half_weights;  // to be handed over as fp16; GPU graphs alone
};

// Whose operators a graph is written in. On a GPU all activations are of one
// element, fp16 or fp32, and what lies between two products is an operator of
// ours (runtime/gpu_operators.h): none of it may fall back to the CPU.
enum class OperatorSet { kCpu, kCudaFloat, kCudaHalf };

struct ImageOutputs {  // beside `embedding`
  bool value = false;  // for the aligner and MaskCLIP
  bool raw_value = false;
  bool path = false;        // AnoVL's
  bool relevance = false;   // Trans-MM's
  std::vector<int> layers;  // for banks: 1 .. the tower's layers, rising

  bool whole() const {
    return path || !layers.empty();
  }  // whether rows of the whole images are picked out
  bool covers(const ImageOutputs& other) const;
  bool operator==(const ImageOutputs&) const = default;
  void add(const ImageOutputs& other);  // the union
};

// Image tower. B images, R = prefix + grid*grid rows each, T packed rows in S
// segments.
//   patches [B*R, 3*patch*patch] fp32   the first `prefix` rows of each image
//   zero (class token, registers) rows    [T] int32                   packed
//   row -> row of `patches` cu_seqlens      [S+1] int32                 segment
//   s is packed rows cu_seqlens[s] .. cu_seqlens[s+1] pool    [S] int32 the
//   class row of each segment, as a packed row embedding [S, E]   unit rows
//   value [T, E]   normalise(proj(ln_post(V_last W_o + b_o))), unit rows
//   raw_value [T, E] normalise(proj(ln_post(V_last))), unit rows
// path and layers, of B whole-image segments:
//   whole    [B*R] int32   their packed rows, image by image
//   whole_cu [B+1] int32   0, R, 2R, ...
//   path     [B*R, E]      the V-V path through all blocks, unit rows
//   hidden<l> [B*R, width] the output of block l
// relevance, of P scalars, each the cosine of a segment's embedding with a unit
// target:
//   target [P, E], target_segment [P] int32 (segments of one length n)
//   relevance [P, n]       kernels/relevance/relevance.h
// `file`: the name under which weights stand as external data (for export).
// `quantised`: the products that run in 8 bits.
Graph image_graph(const VisionTower& tower, int embed_dim, ImageOutputs outputs,
                  const QuantisedTower* quantised = nullptr,
                  const std::string& file = "image.onnx.data");

// The same for a GPU. `patches`, value, raw_value, path and hidden<l> are of
// the dialect's element, embedding and relevance fp32. In the place of
// cu_seqlens and whole_cu, which only say where segments end, every row says it
// of itself:
//   place       [B*R] int32     each row's place in its image, 0 .. R-1
//   spans       [T, 2] int32    begin and end of the segment that packed row t
//   belongs to pool_spans  [S, 2] int32    of each segment whole_spans [B*R, 2]
//   int32  of the rows of the whole images, each image R rows
// relevance needs kCudaFloat: its gradients do not fit fp16.
Graph cuda_image_graph(const VisionTower& tower, int embed_dim,
                       ImageOutputs outputs, OperatorSet dialect);

// Text tower, causal. n texts packed without padding: what follows the end
// token cannot be seen from it.
//   ids [T] int32, positions [T] int32, cu_seqlens [n+1] int32, pool [n] int32
//   (each text's last row) embedding [n, E]   unit rows
Graph text_graph(const TextTower& tower, int embed_dim,
                 const std::string& file = "text.onnx.data");

// Writes `<name>.onnx` and `<name>.onnx.data` into the directory; opens in any
// ONNX viewer.
void write_graph(const Graph& graph, const std::string& directory,
                 const std::string& name);

}  // namespace alfa
