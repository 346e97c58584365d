// The forward of both towers as ONNX graphs (docs/method.md, steps 3 to 5). A
// graph depends only on the architecture and on the requested outputs. Weights
// are not copied: a graph holds their names and points to them.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/architecture.h"
#include "graph/quantised.h"

namespace alfa {

struct Graph {
  struct Int8Weights {
    const int8_t* data;
    std::vector<int64_t> shape;
  };

  std::string bytes;  // an ONNX model with external weights

  // The weights by name, in the order of their offsets in the external file.
  std::vector<std::pair<std::string, Weights>> weights;  // of the Architecture
  std::vector<std::pair<std::string, Int8Weights>>
      int8_weights;  // of the
                     // QuantisedTower
  // CUDA graphs only: the session needs these as fp16.
  std::vector<std::pair<std::string, Weights>> half_weights;
};

// The operators of a graph, and the type of its activations:
enum class OperatorSet {
  kCpu,  // fp32: ONNX, ONNX Runtime's CPU operators, and runtime/operators.h
  kCudaFloat,  // fp32: ONNX, and runtime/cuda/operators.h
  kCudaHalf,   // fp16: the same. No operator may fall back to the CPU.
};

// The optional outputs of the image graph. `embedding` is always there.
struct ImageOutputs {
  bool value = false;       // values for the aligner and MaskCLIP
  bool raw_value = false;   // the same without the output projection
  bool path = false;        // AnoVL's V-V attention path
  bool relevance = false;   // Trans-MM's relevance
  std::vector<int> layers;  // hidden rows for banks: 1 to the tower's layers,
                            // ascending

  // Whether an output needs the rows of the whole images.
  bool needs_whole_images() const { return path || !layers.empty(); }
  // Whether these outputs include all of `other`.
  bool covers(const ImageOutputs& other) const;
  void add(const ImageOutputs& other);
  bool operator==(const ImageOutputs&) const = default;
};

// The graph of the image tower for the CPU. B images of R = prefix + grid *
// grid rows each; T packed rows in S segments; E is the width of the joint
// space.
//
// Inputs:
// - patches [B*R, 3*patch*patch] fp32: the first `prefix` rows of each image
//   (class and register tokens) are zeros
// - rows [T] int32: the row of `patches` of each packed row
// - cu_seqlens [S+1] int32: segment s is the packed rows cu_seqlens[s] to
//   cu_seqlens[s+1]
// - pool_rows [S] int32: the class row of each segment, as a packed row
// - whole_image_rows [B*R] int32, for path and layers: the packed rows of the
//   whole images, one image after another
// - whole_image_cu_seqlens [B+1] int32, for path and layers: 0, R, 2R, ...
// - target [P, E] fp32, for relevance: unit rows
// - target_segment [P] int32, for relevance: segments, all of n rows
//
// Outputs, fp32:
// - embedding [S, E]: unit rows
// - value [T, E]: normalise(proj(ln_post(V_last W_o + b_o)))
// - raw_value [T, E]: normalise(proj(ln_post(V_last)))
// - path [B*R, E]: the V-V path through all blocks, unit rows
// - hidden<l> [B*R, width]: the output of block l
// - relevance [P, n]: of the cosine of a segment's embedding with its target
//   (kernels/relevance/relevance.h)
//
// quantised: the matmuls that run in 8 bits, or null. file: the name of the
// file with the weights, for export.
Graph image_graph(const VisionTower& tower, int embed_dim, ImageOutputs outputs,
                  const QuantisedTower* quantised = nullptr,
                  const std::string& file = "image.onnx.data");

// The graph of the image tower for CUDA. `patches`, value, raw_value, path and
// hidden<l> have the type of the operator set; embedding and relevance are
// fp32.
//
// CUDA kernels find a segment from each of its rows. So these inputs replace
// cu_seqlens and whole_image_cu_seqlens. Each is a pair of the segment's first
// row and the row after its last one:
// - segment_bounds [T, 2] int32: of the segment of each packed row
// - pool_bounds [S, 2] int32: of each segment
// - whole_image_bounds [B*R, 2] int32: of the image of each row
// There is one more input:
// - position_ids [B*R] int32: the index of each row in its image, 0 to R-1
//
// relevance needs kCudaFloat: its gradients are outside the range of fp16.
Graph cuda_image_graph(const VisionTower& tower, int embed_dim,
                       ImageOutputs outputs, OperatorSet operators);

// The graph of the text tower, with causal attention. n texts are packed
// without padding: no token sees what follows it, so nothing after the end
// token matters.
//
// Inputs: token_ids [T] int32, positions [T] int32, cu_seqlens [n+1] int32,
// pool_rows [n] int32 (the last row of each text).
// Output: embedding [n, E] fp32, unit rows.
Graph text_graph(const TextTower& tower, int embed_dim,
                 const std::string& file = "text.onnx.data");

// Writes NAME.onnx and NAME.onnx.data into the directory. Any ONNX viewer can
// open them. Throws Error(kWrite), and then leaves no files behind.
void write_graph(const Graph& graph, const std::string& directory,
                 const std::string& name);

}  // namespace alfa
