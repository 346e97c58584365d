// Reads a safetensors file by mapping it: 8 bytes of header length, a JSON
// header, then the tensors' bytes. The file is untrusted: the header is capped
// at 100 MB, every offset, size, dtype and shape is checked, tensors may not
// overlap, leave holes, hang over the end or repeat a name; they may be
// misaligned, and of a dtype unknown to us until somebody asks for it. Throws
// Error(kModelCorrupt / kModelNotFound / kModelUnsupported).
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "checkpoint/mapped_file.h"
#include "checkpoint/tensor.h"

namespace alfa {

class Safetensors {
 public:
  explicit Safetensors(const std::string& path);

  const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  const Tensor* find(const std::string& name) const;  // null where absent
  const std::string& path() const { return path_; }
  std::string_view header() const {
    return header_;
  }  // the JSON, borrowed from the mapping
  size_t size() const { return file_.size(); }

  // Tells the kernel that the pages need not stay in memory; they are read
  // again from the file when touched.
  void drop_pages() const noexcept { file_.drop_pages(); }

 private:
  std::string path_;
  MappedFile file_;
  std::string_view header_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace alfa
