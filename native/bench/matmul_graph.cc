#include "bench/matmul_graph.h"

#include <cmath>

#include "check/random.h"
#include "graph/onnx_writer.h"

namespace alfa::bench {

using onnx::Type;

MatmulGraph::MatmulGraph(const std::string& precision, int side, int depth) {
  const std::vector<int64_t> shape{side, side};
  const std::vector<onnx::Dimension> dimensions{int64_t{side}, int64_t{side}};
  const auto count = static_cast<size_t>(side) * static_cast<size_t>(side);
  check::Random random(8192);
  onnx::Writer w("matmul");
  if (precision == "int8") {
    w.input("a", Type::kUint8, dimensions);
    w.output("y", Type::kInt32, dimensions);
    w.external("b", Type::kInt8, shape, "b", 0, count);
    w.constant("zero", {}, std::vector<uint8_t>{128});
    w.node("MatMulInteger", "", {"a", "b", "zero"}, {"y"}, {});
    int8_weight.resize(count);
    for (int8_t& v : int8_weight)
      v = static_cast<int8_t>(random.below(255) - 127);
    graph.int8_weights = {{"b", {int8_weight.data(), shape}}};
  } else {
    const bool half = precision == "fp16";
    const Type type = half ? Type::kHalf : Type::kFloat;
    w.input("a", type, dimensions);
    w.output("y", type, dimensions);
    w.external("b", type, shape, "b", 0, count * (half ? 2 : 4));
    std::string last = "a";
    for (int i = 0; i < depth; ++i) {
      std::string out = "y";
      if (i + 1 < depth) out += std::to_string(i);
      w.node("Gemm", "", {last, "b"}, {out}, {});
      last = out;
    }
    weight.resize(count);
    const double width = std::sqrt(12.0 / side);
    for (float& v : weight)
      v = static_cast<float>(width * (random.uniform() - 0.5));
    (half ? graph.half_weights
          : graph.weights) = {{"b", {weight.data(), shape}}};
  }
  graph.bytes = w.bytes();
}

}  // namespace alfa::bench
