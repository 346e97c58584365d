#include "checkpoint/mapped_file.h"

#include <cerrno>
#include <system_error>

#include "error.h"
#include "runtime/path.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace alfa {

#ifndef _WIN32

namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(
      error == ENOMEM ? Code::kMemory : Code::kModelNotFound,
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
  // O_NONBLOCK: opening a named pipe must not block before fstat rejects it.
  // Regular files ignore it.
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info;
  if (file.number < 0 || fstat(file.number, &info) != 0) fail(path, errno);
  if (!S_ISREG(info.st_mode))
    throw Error(
        Code::kModelNotFound,
        path + ": expected a file, but this is " +
            (S_ISDIR(info.st_mode) ? "a directory" : "a pipe or device"));
  size_ = static_cast<size_t>(info.st_size);
  if (size_ == 0) return;  // mmap rejects a length of 0
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

namespace {

[[noreturn]] void fail(const std::string& path, DWORD error) {
  const bool memory =
      error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_COMMITMENT_LIMIT;
  throw Error(memory ? Code::kMemory : Code::kModelNotFound,
              path + ": cannot be opened: " +
                  std::system_category().message(static_cast<int>(error)));
}

struct Handle {
  HANDLE value;
  ~Handle() {
    if (value && value != INVALID_HANDLE_VALUE) CloseHandle(value);
  }
};

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  // FILE_FLAG_BACKUP_SEMANTICS: without it a directory looks like a missing
  // file.
  const Handle file{CreateFileW(
      path_of(path).c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE,
      nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr)};
  BY_HANDLE_FILE_INFORMATION info;
  if (file.value == INVALID_HANDLE_VALUE) fail(path, GetLastError());
  if (GetFileType(file.value) != FILE_TYPE_DISK)
    throw Error(Code::kModelNotFound,
                path + ": expected a file, but this is a pipe or device");
  if (!GetFileInformationByHandle(file.value, &info))
    fail(path, GetLastError());
  if (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
    throw Error(Code::kModelNotFound,
                path + ": expected a file, but this is a directory");
  size_ = static_cast<size_t>(info.nFileSizeHigh) << 32 | info.nFileSizeLow;
  if (size_ == 0) return;  // a mapping rejects a length of 0
  const Handle mapping{
      CreateFileMappingW(file.value, nullptr, PAGE_READONLY, 0, 0, nullptr)};
  if (!mapping.value) fail(path, GetLastError());
  // The view keeps the file and the mapping open.
  data_ = static_cast<const uint8_t*>(
      MapViewOfFile(mapping.value, FILE_MAP_READ, 0, 0, 0));
  if (!data_) fail(path, GetLastError());
}

MappedFile::~MappedFile() {
  if (data_) UnmapViewOfFile(data_);
}

void MappedFile::drop_pages() const noexcept {
  // VirtualUnlock removes pages that are not locked from the working set.
  if (data_) VirtualUnlock(const_cast<uint8_t*>(data_), size_);
}

#endif

}  // namespace alfa
