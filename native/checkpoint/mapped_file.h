// The bytes of a regular file, mapped read-only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace alfa {

// Pages are read from the file when they are touched. If another process
// truncates the file while it is mapped, touching a lost page raises SIGBUS.
// So replace a checkpoint by renaming, not by rewriting. Windows does not let a
// mapped file be truncated.
class MappedFile {
 public:
  // Error(kModelNotFound) or Error(kMemory)
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const uint8_t* data() const { return data_; }  // null if the file is empty
  size_t size() const { return size_; }
  // Lets the system free the pages. They are read again when touched.
  void drop_pages() const noexcept;

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace alfa
