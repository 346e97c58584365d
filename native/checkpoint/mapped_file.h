// A regular file's bytes, read-only. This is the one place that knows the operating system.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace alfa {

std::filesystem::path path_of(const std::string& utf8);

// The pages come from the file when touched. Nothing can guard against another process that cuts the file short
// while it is mapped: touching a lost page then raises SIGBUS. Replace a checkpoint by renaming, not by rewriting it.
// On Windows the file is read into memory (MapViewOfFile would belong here).
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);  // Error(kModelNotFound, kMemory)
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const uint8_t* data() const { return data_; }  // null where the file is empty
  size_t size() const { return size_; }
  void drop_pages() const noexcept;

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  std::unique_ptr<uint8_t[]> read_;  // holds the bytes where there is no mapping
};

}  // namespace alfa
