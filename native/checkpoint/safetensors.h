// A mapped safetensors file: 8 bytes with the length of the header, a JSON
// header, then the bytes of the tensors.
//
// The file is untrusted. The header may have at most 100 MB. Every offset,
// size, dtype and shape is checked. Tensors must not overlap, leave gaps, reach
// beyond the end of the file or share a name. They may be misaligned, and they
// may have a dtype that is not supported, as long as it is not read.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "checkpoint/mapped_file.h"
#include "checkpoint/tensor.h"

namespace alfa {

class Safetensors {
 public:
  // Error(kModelCorrupt), Error(kModelNotFound) or Error(kModelUnsupported)
  explicit Safetensors(const std::string& path);

  const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  const Tensor* find(const std::string& name) const;  // null if absent
  const std::string& path() const { return path_; }
  std::string_view header() const { return header_; }  // the JSON
  size_t size() const { return file_.size(); }

  // Lets the system free the pages. They are read again when touched.
  void drop_pages() const noexcept { file_.drop_pages(); }

 private:
  std::string path_;
  MappedFile file_;
  std::string_view header_;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace alfa
