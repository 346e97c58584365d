// What the two towers share: pre-norm transformer blocks over packed rows,
// written so that no layer makes a pass over memory of its own: residual + bias
// + LayerNorm are one operator, bias + GELU another. Internal to graph/.
#pragma once
#include <string>

#include "graph/graph.h"
#include "graph/onnx_writer.h"

namespace alfa {

struct Stream {            // the state between operators, by tensor name
  std::string residual;    // x
  std::string normalised;  // LayerNorm of x, input of the next product; or,
                           // where that product runs in 8 bits,
  std::string quantised, scale;  // the same as rows of 8 bits and a scale each
};

std::string block_name(int i);  // what the names of its tensors begin with

class TowerWriter {
 public:
  TowerWriter(const char* name, const Tower& tower, int embed_dim,
              std::string file, const QuantisedTower* quantised = nullptr,
              OperatorSet dialect = OperatorSet::kCpu)
      : onnx(name),
        tower_(tower),
        embed_dim_(embed_dim),
        file_(std::move(file)),
        quantised_(quantised),
        dialect_(dialect) {}

  bool gpu() const { return dialect_ != OperatorSet::kCpu; }
  onnx::Type element() const {
    return dialect_ == OperatorSet::kCudaHalf ? onnx::Type::kHalf
                                              : onnx::Type::kFloat;
  }  // of activations

  // First LayerNorm of a stream that starts at `residual`.
  Stream begin(const std::string& residual);
  // The same for a GPU, from the product of patches: rows of `positions` named
  // by `place` added, ln_pre where there is one.
  Stream begin_at(const std::string& product, const Weights& positions,
                  const std::string& place,
                  const std::optional<LayerNorm>& ln_pre);
  // Block `i`, every row a query. `rows`: where not empty, the stream still
  // lies unpacked and is packed on the way. `qkv`: where not null, receives the
  // name of the block's queries, keys and values, [rows before packing,
  // 3*width].
  Stream block(int i, const Stream& in, const std::string& cu_seqlens,
               const std::string& rows, bool causal,
               std::string* qkv = nullptr);
  // The last block, for the rows `pool` alone (one a segment); its LayerNorm is
  // the tower's last. The values and the relevance of `outputs` come from here,
  // under their names.
  Stream last_block(const Stream& in, const std::string& cu_seqlens,
                    const std::string& pool, const ImageOutputs& outputs = {});
  // The last block for the rows `whole`, all of them queries; what `outputs`
  // wants of them (path, the last layer).
  void last_block_whole(const Stream& in, const std::string& path,
                        const ImageOutputs& outputs);
  // One block of the V-V path: path + out(attention with the values as queries
  // and keys).
  std::string value_path(int i, const std::string& qkv,
                         const std::string& path);
  // normalise(x proj) under the name `out`; normalise(x) where the tower has no
  // projection.
  void project(const std::string& in, const std::string& out);

  std::string weight(const std::string& name,
                     const Weights& w);  // registers once, gives the name back
  std::string operand(
      const std::string& name,
      const Weights& w);  // the same in the element of activations
  std::string gather(const std::string& data, const std::string& rows,
                     std::string out = "");
  std::string layer_norm(const std::string& in, const LayerNorm& ln,
                         const std::string& name);
  std::string product(const std::string& in, const Weights& w,
                      const std::string& name, bool transposed = true);
  std::string product(const std::string& in, const Weights& w,
                      const Weights& bias, const std::string& name);
  std::string op(const std::string& type,
                 const std::vector<std::string>& inputs,
                 const std::vector<onnx::Attribute>& attributes = {});
  std::string number(float value);  // a scalar constant

  // d cos(embedding, target) / d (the class rows' attention output): [P,
  // width]. `attended` [P, width], `residual` [P, width]: the last block's, of
  // the rows in question. See relevance_graph.cc.
  std::string cosine_gradient(const std::string& attended,
                              const std::string& residual,
                              const std::string& target);

  Graph finish();

  onnx::Writer onnx;
  int64_t whole_rows = 0;  // of the segments that relevance is asked of; GPU
                           // graphs alone need it

 private:
  // last_block without keys and values of any row: their weights are moved to
  // where there is one row a segment and head.
  Stream last_block_absorbed(const Stream& in, const std::string& cu_seqlens,
                             const std::string& pool,
                             const ImageOutputs& outputs);
  std::string fresh(const std::string& hint);
  Stream residual_norm(const std::string& update, const Weights& bias,
                       const std::string& residual, const LayerNorm& ln,
                       const std::string& name, const std::string& rows = "");
  struct Normal {  // a LayerNorm taken apart, as its gradient needs it
    std::string centred, inverse,
        out;  // (x - mean) / sigma, 1 / sigma, gain * centred + bias
  };
  Normal open_norm(const std::string& x, const LayerNorm& ln,
                   const std::string& name);
  std::string norm_gradient(const Normal& n, const std::string& gradient,
                            const LayerNorm& ln, const std::string& name);
  // `bias` of q, k and v is added where the product has left it out.
  std::string attention(const std::string& qkv, const Weights& bias,
                        const std::string& name, const std::string& cu_seqlens,
                        const std::string& rows, bool causal, bool values_only);
  // q, k and v of block i: on a GPU without their bias, which attention adds.
  std::string qkv(int i, const std::string& normalised);
  std::string activated(const Linear& up, const std::string& in,
                        const std::string& name);
  // Operators of ours on a GPU, of the dialect's domain; optional inputs are
  // empty.
  void ours(const char* op, std::vector<std::string> inputs,
            const std::vector<std::string>& outputs,
            const std::vector<onnx::Attribute>& attributes);
  void norm(const std::string& x, const Weights& bias,
            const std::string& bias_name, const std::string& residual,
            const std::string& rows, const LayerNorm& ln,
            const std::string& ln_name, const std::string& out,
            const std::string& sum);
  // `rows`: where not empty, the residual still lies unpacked.
  Stream after_attention(int i, const std::string& attended,
                         const std::string& residual,
                         const std::string& rows = "");
  // The same in 8 bits: quantised_block.cc.
  const QuantisedBlock* quantised(int i) const {
    return quantised_ ? &quantised_->blocks[static_cast<size_t>(i)] : nullptr;
  }
  // The accumulators of an 8-bit product, and what makes numbers of them: the
  // first inputs of the operator that takes them.
  std::vector<std::string> quantised_product(const Stream& in,
                                             const QuantisedLinear& w,
                                             const std::string& name);
  Stream quantised_residual_norm(std::vector<std::string> inputs,
                                 const std::string& residual,
                                 const LayerNorm& ln, const std::string& name,
                                 bool to_8_bits);
  std::string quantised_qkv(int i, const Stream& in);
  std::string quantised_attention(int i, const Stream& in,
                                  const std::string& cu_seqlens);
  Stream quantised_after_attention(int i, const std::string& attended,
                                   const std::string& residual);

  const Tower& tower_;
  int embed_dim_;
  std::string file_;
  const QuantisedTower* quantised_;
  OperatorSet dialect_;
  std::vector<std::pair<std::string, Graph::Int8Weights>> int8_weights_;
  std::vector<std::pair<std::string, Weights>> weights_, half_weights_;
  uint64_t offset_ = 0;
  int next_ = 0;
};

}  // namespace alfa
