#include "graph/onnx_writer.h"

#include <cstring>

namespace alfa::onnx {
namespace {

void varint(std::string& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
}
void put(std::string& out, int field, int64_t v) {
  varint(out, static_cast<uint64_t>(field) << 3);
  varint(out, static_cast<uint64_t>(v));
}
void put(std::string& out, int field, const std::string& bytes) {
  varint(out, static_cast<uint64_t>(field) << 3 | 2);
  varint(out, bytes.size());
  out += bytes;
}
void put(std::string& out, int field, float v) {
  varint(out, static_cast<uint64_t>(field) << 3 | 5);
  char raw[4];
  std::memcpy(raw, &v, 4);
  out.append(raw, 4);
}

// AttributeProto.type
constexpr int kFloatAttribute = 1, kIntAttribute = 2, kStringAttribute = 3,
              kIntsAttribute = 7;

std::string attribute(const Attribute& a) {
  std::string s;
  put(s, 1, a.name);
  switch (a.kind) {
    case Attribute::Kind::kFloat:
      put(s, 2, a.real);
      put(s, 20, int64_t{kFloatAttribute});
      break;
    case Attribute::Kind::kInt:
      put(s, 3, a.integer);
      put(s, 20, int64_t{kIntAttribute});
      break;
    case Attribute::Kind::kString:
      put(s, 4, a.text);
      put(s, 20, int64_t{kStringAttribute});
      break;
    case Attribute::Kind::kInts:
      for (const int64_t v : a.integers) put(s, 8, v);
      put(s, 20, int64_t{kIntsAttribute});
      break;
  }
  return s;
}

std::string value_info(const std::string& name, Type type,
                       const std::vector<Dimension>& shape) {
  std::string dims;
  for (const Dimension& d : shape) {
    std::string dim;
    if (d.name.empty())
      put(dim, 1, d.value);
    else
      put(dim, 2, d.name);
    put(dims, 1, dim);
  }
  std::string tensor, outer, info;
  put(tensor, 1, static_cast<int64_t>(type));
  put(tensor, 2, dims);
  put(outer, 1, tensor);
  put(info, 1, name);
  put(info, 2, outer);
  return info;
}

std::string tensor_head(const std::string& name, Type type,
                        const std::vector<int64_t>& shape) {
  std::string t;
  for (const int64_t d : shape) put(t, 1, d);
  put(t, 2, static_cast<int64_t>(type));
  put(t, 8, name);
  return t;
}

std::string entry(const char* key, const std::string& value) {
  std::string s;
  put(s, 1, std::string(key));
  put(s, 2, value);
  return s;
}

std::string opset(const char* domain, int64_t version) {
  std::string s;
  put(s, 1, std::string(domain));
  put(s, 2, version);
  return s;
}

}  // namespace

void Writer::input(const std::string& name, Type type,
                   const std::vector<Dimension>& shape) {
  put(inputs_, 11, value_info(name, type, shape));
}

void Writer::output(const std::string& name, Type type,
                    const std::vector<Dimension>& shape) {
  put(outputs_, 12, value_info(name, type, shape));
}

void Writer::node(const std::string& op, const std::string& domain,
                  const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs,
                  const std::vector<Attribute>& attributes) {
  std::string n;
  for (const std::string& s : inputs) put(n, 1, s);
  for (const std::string& s : outputs) put(n, 2, s);
  put(n, 3, op + "_" + std::to_string(next_++));
  put(n, 4, op);
  for (const Attribute& a : attributes) put(n, 5, attribute(a));
  if (!domain.empty()) put(n, 7, domain);
  put(nodes_, 1, n);
}

void Writer::constant(const std::string& name,
                      const std::vector<int64_t>& shape,
                      const std::vector<int64_t>& values) {
  std::string t = tensor_head(name, Type::kInt64, shape);
  put(t, 9,
      std::string(reinterpret_cast<const char*>(values.data()),
                  values.size() * sizeof(int64_t)));
  put(initializers_, 5, t);
}

void Writer::constant(const std::string& name,
                      const std::vector<int64_t>& shape,
                      const std::vector<float>& values) {
  std::string t = tensor_head(name, Type::kFloat, shape);
  put(t, 9,
      std::string(reinterpret_cast<const char*>(values.data()),
                  values.size() * sizeof(float)));
  put(initializers_, 5, t);
}

void Writer::constant(const std::string& name,
                      const std::vector<int64_t>& shape,
                      const std::vector<uint8_t>& values) {
  std::string t = tensor_head(name, Type::kUint8, shape);
  put(t, 9, std::string(values.begin(), values.end()));
  put(initializers_, 5, t);
}

void Writer::external(const std::string& name, Type type,
                      const std::vector<int64_t>& shape,
                      const std::string& file, uint64_t offset,
                      uint64_t bytes) {
  std::string t = tensor_head(name, type, shape);
  put(t, 13, entry("location", file));
  put(t, 13, entry("offset", std::to_string(offset)));
  put(t, 13, entry("length", std::to_string(bytes)));
  put(t, 14, int64_t{1});  // DataLocation.EXTERNAL
  put(initializers_, 5, t);
}

std::string Writer::bytes() const {
  std::string graph = nodes_;
  put(graph, 2, name_);
  graph += initializers_ + inputs_ + outputs_;
  std::string model;
  put(model, 1, int64_t{10});  // IR version
  put(model, 2, std::string("alfa-vad"));
  put(model, 7, graph);
  put(model, 8, opset("", 20));
  put(model, 8, opset("com.microsoft", 1));
  for (const char* ours : {"alfa", "alfa.half", "alfa.float"})
    put(model, 8, opset(ours, 1));
  return model;
}

}  // namespace alfa::onnx
