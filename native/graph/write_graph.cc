#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "error.h"
#include "graph/graph.h"
#include "runtime/path.h"

namespace alfa {
namespace {

class File {  // removed again unless it is finished
 public:
  explicit File(std::string path)
      : path_(std::move(path)), stream_(path_of(path_), std::ios::binary) {
    if (!stream_) fail();
  }
  ~File() {
    if (!stream_.is_open()) return;
    stream_.close();
    remove();
  }
  File(const File&) = delete;

  void write(const void* data, size_t bytes) {
    if (!stream_.write(static_cast<const char*>(data),
                       static_cast<std::streamsize>(bytes)))
      fail();
  }
  void finish() {
    stream_.close();
    if (stream_) return;
    const int reason = errno;
    remove();
    errno = reason;
    fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(Code::kWrite,
                "Cannot write " + path_ + " (" + std::strerror(errno) +
                    "): give a folder that exists, is writable and has room.");
  }
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove(path_of(path_), ignored);
  }
  std::string path_;
  std::ofstream stream_;
};

}  // namespace

void write_graph(const Graph& graph, const std::string& directory,
                 const std::string& name) {
  File data(
      directory + "/" + name +
      ".onnx.data");  // in the order in which the graph's offsets were given
  for (const auto& [_, w] : graph.weights) {
    data.write(w.data, w.count() * sizeof(float));
  }
  File model(directory + "/" + name + ".onnx");
  model.write(graph.bytes.data(), graph.bytes.size());
  data.finish();
  model.finish();
}

}  // namespace alfa
