// What the two towers share: pre-norm transformer blocks over packed rows, written so that no layer makes a pass over
// memory of its own: residual + bias + LayerNorm are one operator, bias + GELU another. Internal to graph/.
#pragma once
#include <string>

#include "graph/graph.h"
#include "graph/onnx_writer.h"

namespace alfa {

struct Stream {  // the state between operators, by tensor name
  std::string residual;    // x
  std::string normalised;  // LayerNorm of x, input of the next product
};

class TowerWriter {
 public:
  TowerWriter(const char* name, const Tower& tower, int embed_dim, std::string file)
      : onnx(name), tower_(tower), embed_dim_(embed_dim), file_(std::move(file)) {}

  // First LayerNorm of a stream that starts at `residual`.
  Stream begin(const std::string& residual);
  // Block `i`, every row a query. `rows`: where not empty, the stream still lies unpacked and is packed on the way.
  Stream block(int i, const Stream& in, const std::string& cu, const std::string& rows, bool causal);
  // The last block, for the rows `pool` alone (one a segment); its LayerNorm is the tower's last. With
  // `value_out`, also every row's value, carried to the joint space under that name.
  Stream last_block(const Stream& in, const std::string& cu, const std::string& pool, const std::string& value_out);
  // normalise(x proj) under the name `out`.
  void project(const std::string& in, const std::string& out);

  std::string weight(const std::string& name, const Weights& w);  // registers once, gives the name back
  std::string gather(const std::string& data, const std::string& rows);
  std::string layer_norm(const std::string& in, const LayerNorm& ln, const std::string& name);
  std::string product(const std::string& in, const Weights& w, const std::string& name, bool transposed = true);
  std::string product(const std::string& in, const Weights& w, const Weights& bias, const std::string& name);

  Graph finish();

  onnx::Writer onnx;

 private:
  std::string fresh(const std::string& hint);
  Stream skip_norm(const std::string& update, const Weights& bias, const std::string& residual, const LayerNorm& ln,
                   const std::string& name);
  Stream after_attention(int i, const std::string& attended, const std::string& residual);

  const Tower& tower_;
  int embed_dim_;
  std::string file_;
  std::vector<std::pair<std::string, Weights>> weights_;
  uint64_t offset_ = 0;
  int next_ = 0;
};

}  // namespace alfa
