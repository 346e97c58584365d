#include "graph/onnx_writer.h"

#include <cstring>

namespace alfa::onnx {
namespace {

// Protobuf: a field is a tag (field number * 8 + wire type) and its value.
constexpr int kVarint = 0, kLengthDelimited = 2, kFixed32 = 5;  // wire types

void append_varint(std::string& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
}

void append_tag(std::string& out, int field, int wire_type) {
  append_varint(out, static_cast<uint64_t>(field * 8 + wire_type));
}

void put(std::string& out, int field, int64_t v) {
  append_tag(out, field, kVarint);
  append_varint(out, static_cast<uint64_t>(v));
}
void put(std::string& out, int field, const std::string& bytes) {
  append_tag(out, field, kLengthDelimited);
  append_varint(out, bytes.size());
  out += bytes;
}
void put(std::string& out, int field, float v) {
  append_tag(out, field, kFixed32);
  char raw[4];
  std::memcpy(raw, &v, 4);
  out.append(raw, 4);
}

// Field numbers of onnx.proto. Each namespace is a message.
namespace attribute_proto {
constexpr int kName = 1, kF = 2, kI = 3, kInts = 8, kType = 20;
constexpr int64_t kTypeFloat = 1, kTypeInt = 2, kTypeInts = 7;
}  // namespace attribute_proto
namespace node_proto {
constexpr int kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5,
              kDomain = 7;
}
namespace tensor_proto {
constexpr int kDims = 1, kDataType = 2, kName = 8, kRawData = 9,
              kExternalData = 13, kDataLocation = 14;
constexpr int64_t kLocationExternal = 1;
}  // namespace tensor_proto
namespace shape_proto {
constexpr int kDim = 1, kDimValue = 1, kDimName = 2;
}
namespace value_info_proto {
constexpr int kName = 1, kType = 2, kTensorType = 1, kElementType = 1,
              kShape = 2;
}
namespace graph_proto {
constexpr int kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace model_proto {
constexpr int kIrVersion = 1, kProducer = 2, kGraph = 7, kOpset = 8;
}
namespace opset_proto {
constexpr int kDomain = 1, kVersion = 2;
}
namespace entry_proto {
constexpr int kKey = 1, kValue = 2;
}

std::string attribute_bytes(const Attribute& a) {
  using namespace attribute_proto;
  std::string s;
  put(s, kName, a.name);
  switch (a.kind) {
    case Attribute::Kind::kFloat:
      put(s, kF, a.real);
      put(s, kType, kTypeFloat);
      break;
    case Attribute::Kind::kInt:
      put(s, kI, a.integer);
      put(s, kType, kTypeInt);
      break;
    case Attribute::Kind::kInts:
      for (const int64_t v : a.integers) put(s, kInts, v);
      put(s, kType, kTypeInts);
      break;
  }
  return s;
}

// ValueInfoProto of a tensor.
std::string value_info(const std::string& name, Type type,
                       const std::vector<Dimension>& shape) {
  std::string dims;
  for (const Dimension& d : shape) {
    std::string dim;
    if (d.name.empty())
      put(dim, shape_proto::kDimValue, d.value);
    else
      put(dim, shape_proto::kDimName, d.name);
    put(dims, shape_proto::kDim, dim);
  }
  using namespace value_info_proto;
  std::string tensor, type_bytes, info;
  put(tensor, kElementType, static_cast<int64_t>(type));
  put(tensor, kShape, dims);
  put(type_bytes, kTensorType, tensor);
  put(info, kName, name);
  put(info, kType, type_bytes);
  return info;
}

// TensorProto without its values.
std::string tensor_header(const std::string& name, Type type,
                          const std::vector<int64_t>& shape) {
  using namespace tensor_proto;
  std::string t;
  for (const int64_t d : shape) put(t, kDims, d);
  put(t, kDataType, static_cast<int64_t>(type));
  put(t, kName, name);
  return t;
}

// TensorProto with its values.
template <typename T>
std::string tensor_bytes(const std::string& name, Type type,
                         const std::vector<int64_t>& shape,
                         const std::vector<T>& values) {
  std::string t = tensor_header(name, type, shape);
  put(t, tensor_proto::kRawData,
      std::string(reinterpret_cast<const char*>(values.data()),
                  values.size() * sizeof(T)));
  return t;
}

// StringStringEntryProto.
std::string entry(const std::string& key, const std::string& value) {
  std::string s;
  put(s, entry_proto::kKey, key);
  put(s, entry_proto::kValue, value);
  return s;
}

std::string opset(const std::string& domain, int64_t version) {
  std::string s;
  put(s, opset_proto::kDomain, domain);
  put(s, opset_proto::kVersion, version);
  return s;
}

}  // namespace

void Writer::input(const std::string& name, Type type,
                   const std::vector<Dimension>& shape) {
  put(inputs_, graph_proto::kInput, value_info(name, type, shape));
}

void Writer::output(const std::string& name, Type type,
                    const std::vector<Dimension>& shape) {
  put(outputs_, graph_proto::kOutput, value_info(name, type, shape));
}

void Writer::node(const std::string& op, const std::string& domain,
                  const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs,
                  const std::vector<Attribute>& attributes) {
  using namespace node_proto;
  std::string n;
  for (const std::string& s : inputs) put(n, kInput, s);
  for (const std::string& s : outputs) put(n, kOutput, s);
  put(n, kName, op + "_" + std::to_string(node_count_++));
  put(n, kOpType, op);
  for (const Attribute& a : attributes) put(n, kAttribute, attribute_bytes(a));
  if (!domain.empty()) put(n, kDomain, domain);
  put(nodes_, graph_proto::kNode, n);
}

void Writer::constant(const std::string& name,
                      const std::vector<int64_t>& shape,
                      const std::vector<int64_t>& values) {
  put(initializers_, graph_proto::kInitializer,
      tensor_bytes(name, Type::kInt64, shape, values));
}

void Writer::constant(const std::string& name,
                      const std::vector<int64_t>& shape,
                      const std::vector<float>& values) {
  put(initializers_, graph_proto::kInitializer,
      tensor_bytes(name, Type::kFloat, shape, values));
}

void Writer::constant(const std::string& name,
                      const std::vector<int64_t>& shape,
                      const std::vector<uint8_t>& values) {
  put(initializers_, graph_proto::kInitializer,
      tensor_bytes(name, Type::kUint8, shape, values));
}

void Writer::external(const std::string& name, Type type,
                      const std::vector<int64_t>& shape,
                      const std::string& file, uint64_t offset,
                      uint64_t bytes) {
  using namespace tensor_proto;
  std::string t = tensor_header(name, type, shape);
  put(t, kExternalData, entry("location", file));
  put(t, kExternalData, entry("offset", std::to_string(offset)));
  put(t, kExternalData, entry("length", std::to_string(bytes)));
  put(t, kDataLocation, kLocationExternal);
  put(initializers_, graph_proto::kInitializer, t);
}

std::string Writer::bytes() const {
  constexpr int64_t kIrVersion = 10;
  std::string graph = nodes_;
  put(graph, graph_proto::kName, name_);
  graph += initializers_ + inputs_ + outputs_;
  std::string model;
  put(model, model_proto::kIrVersion, kIrVersion);
  put(model, model_proto::kProducer, std::string("alfa-vad"));
  put(model, model_proto::kGraph, graph);
  put(model, model_proto::kOpset, opset("", 20));
  put(model, model_proto::kOpset, opset("com.microsoft", 1));
  // Our own operators: runtime/operators.h and runtime/cuda/operators.h.
  for (const char* domain : {"alfa", "alfa.half", "alfa.float"})
    put(model, model_proto::kOpset, opset(domain, 1));
  return model;
}

}  // namespace alfa::onnx
