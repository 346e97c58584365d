#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "error.h"
#include "graph/graph.h"

namespace alfa {
namespace {

class File {  // removed again unless it is finished
 public:
  explicit File(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")) {
    if (!file_) fail();
  }
  ~File() {
    if (!file_) return;
    std::fclose(file_);
    std::remove(path_.c_str());
  }
  File(const File&) = delete;

  void write(const void* data, size_t bytes) {
    if (std::fwrite(data, 1, bytes, file_) != bytes) fail();
  }
  void finish() {
    std::FILE* file = file_;
    file_ = nullptr;
    if (std::fclose(file) == 0) return;
    std::remove(path_.c_str());
    fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(Code::kWrite, "Cannot write " + path_ + " (" + std::strerror(errno) + "): give a folder that exists, is writable and has room.");
  }
  std::string path_;
  std::FILE* file_;
};

}  // namespace

void write_graph(const Graph& graph, const std::string& directory, const std::string& name) {
  File data(directory + "/" + name + ".onnx.data");  // in the order in which the graph's offsets were given
  for (const auto& [_, w] : graph.weights) {
    data.write(w.data, w.count() * sizeof(float));
  }
  File model(directory + "/" + name + ".onnx");
  model.write(graph.bytes.data(), graph.bytes.size());
  data.finish();
  model.finish();
}

}  // namespace alfa
