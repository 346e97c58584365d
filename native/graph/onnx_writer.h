// Writes an ONNX model without a protobuf library: the few messages of
// onnx.proto (IR version 10) that our graphs need, in protobuf's wire format.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace alfa::onnx {

// TensorProto.DataType
enum class Type : int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt32 = 6,
  kInt64 = 7,
  kHalf = 10
};

// A named attribute of a node. Its kind says which member holds the value.
struct Attribute {
  std::string name;
  enum class Kind { kInt, kFloat, kInts } kind;
  int64_t integer = 0;
  float real = 0;
  std::vector<int64_t> integers;

  static Attribute of(std::string name, int64_t v) {
    return {std::move(name), Kind::kInt, v, 0, {}};
  }
  static Attribute of(std::string name, int v) {
    return of(std::move(name), static_cast<int64_t>(v));
  }
  static Attribute of(std::string name, float v) {
    return {std::move(name), Kind::kFloat, 0, v, {}};
  }
  static Attribute of(std::string name, std::vector<int64_t> v) {
    return {std::move(name), Kind::kInts, 0, 0, std::move(v)};
  }
};

// A size of a shape: a number, or a name if it is known only at run time.
struct Dimension {
  Dimension(int64_t v) : value(v) {}
  Dimension(const char* n) : name(n) {}
  int64_t value = -1;
  std::string name;
};

class Writer {
 public:
  explicit Writer(std::string graph_name) : name_(std::move(graph_name)) {}

  void input(const std::string& name, Type type,
             const std::vector<Dimension>& shape);
  void output(const std::string& name, Type type,
              const std::vector<Dimension>& shape);
  // An empty name among the inputs or outputs leaves out an optional one.
  void node(const std::string& op, const std::string& domain,
            const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs,
            const std::vector<Attribute>& attributes);
  // A small constant whose values are in the graph.
  void constant(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<int64_t>& values);
  void constant(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<float>& values);
  void constant(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<uint8_t>& values);
  // A weight outside the graph: `bytes` bytes at `offset` of a file beside the
  // model. A session may get its memory under this name instead.
  void external(const std::string& name, Type type,
                const std::vector<int64_t>& shape, const std::string& file,
                uint64_t offset, uint64_t bytes);

  // The whole model (ModelProto).
  std::string bytes() const;

 private:
  // Serialised parts of GraphProto.
  std::string name_, nodes_, initializers_, inputs_, outputs_;
  int node_count_ = 0;
};

}  // namespace alfa::onnx
