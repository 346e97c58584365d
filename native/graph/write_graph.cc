#include <cstdio>
#include <memory>

#include "error.h"
#include "graph/graph.h"

namespace alfa {
namespace {

class File {
 public:
  explicit File(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wb"), &std::fclose) {
    if (!file_) fail();
  }
  void write(const void* data, size_t bytes) {
    if (std::fwrite(data, 1, bytes, file_.get()) != bytes) fail();
  }
  void finish() {
    if (std::fflush(file_.get()) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(Code::kArgument, "Cannot write " + path_ + ": give a directory that exists, is writable and has room.");
  }
  std::string path_;
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
};

}  // namespace

void write_graph(const Graph& graph, const std::string& directory, const std::string& name) {
  File model(directory + "/" + name + ".onnx");
  model.write(graph.bytes.data(), graph.bytes.size());
  model.finish();
  File data(directory + "/" + name + ".onnx.data");  // in the order in which the graph's offsets were given
  for (const auto& [_, w] : graph.weights) {
    size_t count = 1;
    for (const int64_t d : w.shape) count *= static_cast<size_t>(d);
    data.write(w.data, count * sizeof(float));
  }
  data.finish();
}

}  // namespace alfa
