// ONNX bytes, written by hand: the few messages of onnx.proto that a graph
// needs, in protobuf's wire format. No protobuf library, no exported file.
// Field numbers are those of onnx.proto (IR version 10).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace alfa::onnx {

enum class Type : int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt32 = 6,
  kInt64 = 7,
  kHalf = 10
};

struct Attribute {
  std::string name;
  enum class Kind { kInt, kFloat, kInts, kString } kind;
  int64_t integer = 0;
  float real = 0;
  std::vector<int64_t> integers;
  std::string text;

  static Attribute of(std::string name, int64_t v) {
    return {std::move(name), Kind::kInt, v, 0, {}, {}};
  }
  static Attribute of(std::string name, int v) {
    return of(std::move(name), static_cast<int64_t>(v));
  }
  static Attribute of(std::string name, float v) {
    return {std::move(name), Kind::kFloat, 0, v, {}, {}};
  }
  static Attribute of(std::string name, std::vector<int64_t> v) {
    return {std::move(name), Kind::kInts, 0, 0, std::move(v), {}};
  }
};

struct Dimension {  // a number, or a name for one that is known only at run
                    // time
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
  void node(const std::string& op, const std::string& domain,
            const std::vector<std::string>& inputs,
            const std::vector<std::string>& outputs,
            const std::vector<Attribute>& attributes);
  // A small constant, its values inside the graph.
  void constant(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<int64_t>& values);
  void constant(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<float>& values);
  void constant(const std::string& name, const std::vector<int64_t>& shape,
                const std::vector<uint8_t>& values);
  // A weight whose bytes lie in a file beside the graph, or are handed over
  // when the session opens.
  void external(const std::string& name, Type type,
                const std::vector<int64_t>& shape, const std::string& file,
                uint64_t offset, uint64_t bytes);

  std::string bytes() const;

 private:
  std::string name_, nodes_, initializers_, inputs_, outputs_;
  int next_ = 0;
};

}  // namespace alfa::onnx
