#include "checkpoint/mapped_file.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "error.h"

#ifndef _WIN32
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace alfa {

std::filesystem::path path_of(const std::string& utf8) {
  return std::filesystem::path(reinterpret_cast<const char8_t*>(utf8.c_str()));
}

#ifndef _WIN32

namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(error == ENOMEM ? Code::kMemory : Code::kModelNotFound,
              path + ": cannot be opened: " + std::generic_category().message(error));
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  // O_NONBLOCK: a named pipe must not hang us before fstat can refuse it; regular files ignore it
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info;
  if (file.number < 0 || fstat(file.number, &info) != 0) fail(path, errno);
  if (!S_ISREG(info.st_mode))
    throw Error(Code::kModelNotFound,
                path + ": expected a file, found " + (S_ISDIR(info.st_mode) ? "a directory" : "a pipe or device"));
  size_ = static_cast<size_t>(info.st_size);
  if (size_ == 0) return;  // mmap refuses a length of 0
  void* map = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (map == MAP_FAILED) fail(path, errno);
  data_ = static_cast<const uint8_t*>(map);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<uint8_t*>(data_), size_);
}

void MappedFile::drop_pages() const noexcept {
  if (data_) madvise(const_cast<uint8_t*>(data_), size_, MADV_DONTNEED);
}

#else

MappedFile::MappedFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path_of(path), error))
    throw Error(Code::kModelNotFound, path + ": expected a file, found none");
  size_ = static_cast<size_t>(std::filesystem::file_size(path_of(path), error));
  if (error) throw Error(Code::kModelNotFound, path + ": cannot be opened: " + error.message());
  if (size_ == 0) return;
  read_.reset(new uint8_t[size_]);
  std::ifstream in(path_of(path), std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(read_.get()), static_cast<std::streamsize>(size_)))
    throw Error(Code::kModelNotFound, path + ": cannot be read");
  data_ = read_.get();
}

MappedFile::~MappedFile() = default;
void MappedFile::drop_pages() const noexcept {}

#endif

}  // namespace alfa
