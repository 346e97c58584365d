#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "error.h"
#include "graph/graph.h"
#include "runtime/path.h"

namespace alfa {
namespace {

// A new file. Its destructor removes it unless finish() has succeeded.
class OutputFile {
 public:
  explicit OutputFile(std::string path)
      : path_(std::move(path)), stream_(path_of(path_), std::ios::binary) {
    if (!stream_) fail();
  }
  ~OutputFile() {
    if (!stream_.is_open()) return;
    stream_.close();
    remove();
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const void* data, size_t bytes) {
    if (!stream_.write(static_cast<const char*>(data),
                       static_cast<std::streamsize>(bytes)))
      fail();
  }
  void finish() {
    stream_.close();
    if (stream_) return;
    const int reason = errno;  // remove() may change it
    remove();
    errno = reason;
    fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(Code::kWrite, "Cannot write " + path_ + " (" +
                                  std::strerror(errno) +
                                  "). Choose a folder that exists, is "
                                  "writable and has free space.");
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
  OutputFile data(directory + "/" + name + ".onnx.data");
  for (const auto& [_, weights] : graph.weights)
    data.write(weights.data, weights.count() * sizeof(float));
  OutputFile model(directory + "/" + name + ".onnx");
  model.write(graph.bytes.data(), graph.bytes.size());
  data.finish();
  model.finish();
}

}  // namespace alfa
