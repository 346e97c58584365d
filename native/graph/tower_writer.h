// Writes the parts of a tower as ONNX nodes: pre-norm transformer blocks over
// packed rows. Operators between two matmuls are fused (bias + residual +
// LayerNorm in one, bias + GELU in another), so that no operator makes a pass
// over memory of its own. Internal to graph/.
//
// Strings are names of tensors. The implementation is in:
// - tower_writer.cc: weights, and single operators
// - transformer_block.cc: a block in which every row is a query
// - last_block.cc: the last block, and its outputs
// - quantised_block.cc: blocks in 8 bits
// - relevance_graph.cc: the gradient for Trans-MM
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/onnx_writer.h"
#include "kernels/epilogue/epilogue.h"

namespace alfa {

// The domain of ONNX Runtime's own operators.
inline constexpr const char* kMicrosoft = "com.microsoft";

// The rows between two blocks, by tensor name. `normalised` is the LayerNorm of
// `residual`. If the next matmul runs in 8 bits, it is empty, and `quantised`
// and `scale` hold the same rows in 8 bits with one scale per row.
struct RowStream {
  std::string residual;
  std::string normalised;
  std::string quantised, scale;
};

// The prefix of the names of block i's tensors: "block<i>.".
std::string block_name(int i);

// `count` rows of a matrix, or elements of a vector, from `first` on.
Weights slice(const Weights& w, int64_t first, int64_t count);

class TowerWriter {
 public:
  TowerWriter(const char* name, const Tower& tower, int embed_dim,
              std::string file, const QuantisedTower* quantised = nullptr,
              OperatorSet operators = OperatorSet::kCpu)
      : onnx(name),
        tower_(tower),
        embed_dim_(embed_dim),
        file_(std::move(file)),
        quantised_(quantised),
        operators_(operators) {}

  // Whether the graph is for CUDA.
  bool cuda() const { return operators_ != OperatorSet::kCpu; }
  // The type of activations.
  onnx::Type element() const {
    return operators_ == OperatorSet::kCudaHalf ? onnx::Type::kHalf
                                                : onnx::Type::kFloat;
  }

  // The stream before block 0, from its residual rows.
  RowStream begin(const std::string& residual);
  // CUDA: the same from the matmul of the patches. Adds row position_ids[i] of
  // `positions` to row i, then applies ln_pre if there is one.
  RowStream begin_with_positions(const std::string& embedded,
                                 const Weights& positions,
                                 const std::string& position_ids,
                                 const std::optional<LayerNorm>& ln_pre);

  // Block i, in which every row is a query.
  // - segments: the input with the segments: cu_seqlens, or the bounds of each
  //   row's segment for CUDA
  // - rows: if not empty, the input stream is not packed yet, and these are the
  //   rows to pack
  // - qkv: if not null, receives the name of the block's q, k and v side by
  //   side, [rows before packing, 3 * width]
  RowStream block(int i, const RowStream& in, const std::string& segments,
                  const std::string& rows, bool causal,
                  std::string* qkv = nullptr);

  // The last block, for the row pool_rows[s] of each segment s. Its final
  // LayerNorm is the tower's last one. Also writes the outputs value, raw_value
  // and relevance.
  RowStream last_block(const RowStream& in, const std::string& segments,
                       const std::string& pool_rows,
                       const ImageOutputs& outputs = {});
  // The last block for all rows of the whole images: writes the output path and
  // the hidden rows of the last layer. vv_path: the V-V path so far.
  void last_block_of_whole_images(const RowStream& in,
                                  const std::string& vv_path,
                                  const ImageOutputs& outputs);
  // One block of AnoVL's V-V path: path + out(attention whose queries and keys
  // are the values).
  std::string vv_block(int i, const std::string& qkv, const std::string& path);
  // Writes the output `out`: normalise(in * projection), or normalise(in) where
  // the tower has no projection.
  void project(const std::string& in, const std::string& out);

  // Adds the weight to the graph at its first use. Returns its name.
  std::string weight(const std::string& name, const Weights& w);
  // The same with the type of activations.
  std::string weight_of_element(const std::string& name, const Weights& w);
  // Each of the following adds nodes and returns the name of its output.
  std::string gather(const std::string& data, const std::string& rows,
                     std::string out = "");
  std::string layer_norm(const std::string& in, const LayerNorm& ln,
                         const std::string& name);
  // in * w^T, or in * w with transposed = false.
  std::string matmul(const std::string& in, const Weights& w,
                     const std::string& name, bool transposed = true);
  // in * w^T + bias.
  std::string linear(const std::string& in, const Weights& w,
                     const Weights& bias, const std::string& name);
  // An operator of ONNX with one output.
  std::string op(const std::string& type,
                 const std::vector<std::string>& inputs,
                 const std::vector<onnx::Attribute>& attributes = {});
  // A constant.
  std::string scalar(float value);

  Graph finish();

  onnx::Writer onnx;
  // CUDA: the rows of a whole image, for relevance.
  int64_t rows_per_image = 0;

 private:
  // A name that is not used yet.
  std::string unique_name(const std::string& hint);
  // One of our CUDA operators (runtime/cuda/operators.h). Empty names at the
  // end of the inputs leave out optional ones.
  void cuda_node(const char* op, std::vector<std::string> inputs,
                 const std::vector<std::string>& outputs,
                 const std::vector<onnx::Attribute>& attributes = {});

  // The CUDA operator ResidualNorm. Empty names leave out optional parts.
  struct CudaNorm {
    std::string x;
    const LayerNorm& ln;
    std::string ln_name;
    std::string bias;      // optional weight
    std::string residual;  // optional
    std::string rows;      // optional; the residual's row of each row of x
    std::string out;
    std::string sum;  // optional output
  };
  void cuda_norm(const CudaNorm& norm);

  // residual + update + bias, and its LayerNorm. rows: as in block().
  RowStream residual_norm(const std::string& update, const Weights& bias,
                          const std::string& residual, const LayerNorm& ln,
                          const std::string& name,
                          const std::string& rows = "");

  // transformer_block.cc
  // q, k and v of block i, side by side. For CUDA without their bias, which the
  // attention operator adds.
  std::string qkv(int i, const std::string& normalised);
  struct Attention {
    bool causal = false;
    bool values_only = false;  // queries and keys are the values
  };
  std::string attention(int i, const std::string& qkv,
                        const std::string& segments, const std::string& rows,
                        Attention kind);
  // Everything in block i after attention, and the next LayerNorm.
  RowStream after_attention(int i, const std::string& attended,
                            const std::string& residual,
                            const std::string& rows = "");
  std::string fc1_and_gelu(const Linear& fc1, const std::string& in,
                           const std::string& name);

  // last_block.cc
  // last_block() without keys and values: their weights are absorbed
  // (kernels/absorbed_attention).
  RowStream last_block_absorbed(const RowStream& in,
                                const std::string& segments,
                                const std::string& pool_rows,
                                const ImageOutputs& outputs);
  // The output value where W_v is absorbed.
  void value_of_absorbed_block(const std::string& normalised);
  // The weights or the bias of q (0), k (1) or v (2) of the last block.
  Weights last_block_weight(int part) const;
  Weights last_block_bias(int part) const;

  // quantised_block.cc. Null where block i stays in fp32.
  const QuantisedBlock* quantised(int i) const {
    return quantised_ ? &quantised_->blocks[static_cast<size_t>(i)] : nullptr;
  }
  // Returns the first four inputs of the operators that take the result of an
  // 8-bit matmul: accumulators, row scale, column scale, bias.
  std::vector<std::string> quantised_matmul(const RowStream& in,
                                            const QuantisedLinear& w,
                                            const std::string& name);
  RowStream quantised_residual_norm(std::vector<std::string> accumulators,
                                    const std::string& residual,
                                    const LayerNorm& ln,
                                    const std::string& name,
                                    bool next_in_8_bits);
  std::string quantised_qkv(int i, const RowStream& in);
  std::string quantised_attention(int i, const RowStream& in,
                                  const std::string& cu_seqlens);
  RowStream quantised_after_attention(int i, const std::string& attended,
                                      const std::string& residual);

  // relevance_graph.cc
  // The gradient of cos(embedding, target) with respect to the attention's
  // output in the last block, [P, width], for P class rows. attended, residual
  // [P, width]: of these rows.
  std::string cosine_gradient(const std::string& attended,
                              const std::string& residual,
                              const std::string& target);
  // A LayerNorm in single operators, with the values that its gradient needs.
  struct NormParts {
    std::string centred;  // (x - mean) / sigma
    std::string inverse;  // 1 / sigma
    std::string out;      // weight * centred + bias
  };
  NormParts norm_parts(const std::string& x, const LayerNorm& ln,
                       const std::string& name);
  struct GeluParts {
    std::string out;         // gelu(u)
    std::string derivative;  // gelu'(u)
  };
  GeluParts gelu_parts(const std::string& u);
  std::string norm_gradient(const NormParts& norm, const std::string& gradient,
                            const LayerNorm& ln, const std::string& name);

  const Block& block_of(int i) const {
    return tower_.blocks[static_cast<size_t>(i)];
  }
  int last() const { return tower_.layers - 1; }
  // The LayerNorm after block i.
  const LayerNorm& norm_after(int i) const {
    return i == last() ? tower_.ln_last : block_of(i + 1).ln1;
  }

  const Tower& tower_;
  int embed_dim_;
  std::string file_;
  const QuantisedTower* quantised_;
  OperatorSet operators_;
  std::vector<std::pair<std::string, Graph::Int8Weights>> int8_weights_;
  std::vector<std::pair<std::string, Weights>> weights_, half_weights_;
  uint64_t offset_ = 0;  // in the file
  int name_count_ = 0;
};

}  // namespace alfa
