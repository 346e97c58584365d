// Lets a prebuilt addon run with glibc 2.28, the version that ONNX Runtime
// needs (tools/older-glibc.mjs). The headers and the libstdc++ of the build
// machine use functions of later versions. This file defines them for the addon
// only.
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>

extern "C" {

// glibc 2.32. 0 means "perhaps several threads": reference counts stay atomic.
char __libc_single_threaded = 0;

// Before glibc 2.33, stat and its variants were macros over these functions.
int __fxstat(int version, int file, struct stat* result);
int __xstat(int version, const char* path, struct stat* result);
int __lxstat(int version, const char* path, struct stat* result);
#ifdef __x86_64__
constexpr int kStatVersion = 1;
#else
constexpr int kStatVersion = 0;
#endif
int fstat(int file, struct stat* result) noexcept {
  return __fxstat(kStatVersion, file, result);
}
int stat(const char* path, struct stat* result) noexcept {
  return __xstat(kStatVersion, path, result);
}
int lstat(const char* path, struct stat* result) noexcept {
  return __lxstat(kStatVersion, path, result);
}
int fstat64(int file, struct stat64* result) noexcept {
  static_assert(sizeof(struct stat64) == sizeof(struct stat));
  return __fxstat(kStatVersion, file, reinterpret_cast<struct stat*>(result));
}

// glibc 2.30. Converts the end of the wait to the wall clock. libstdc++ checks
// the requested clock again afterwards.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           clockid_t clock, const timespec* until) {
  constexpr long kSecond = 1'000'000'000;
  if (clock == CLOCK_REALTIME)
    return pthread_cond_timedwait(condition, mutex, until);
  timespec now, wall;
  if (clock_gettime(clock, &now) != 0 ||
      clock_gettime(CLOCK_REALTIME, &wall) != 0)
    return EINVAL;
  wall.tv_sec += until->tv_sec - now.tv_sec;
  wall.tv_nsec += until->tv_nsec - now.tv_nsec;
  if (wall.tv_nsec < 0) {
    wall.tv_nsec += kSecond;
    --wall.tv_sec;
  } else if (wall.tv_nsec >= kSecond) {
    wall.tv_nsec -= kSecond;
    ++wall.tv_sec;
  }
  return pthread_cond_timedwait(condition, mutex, &wall);
}

// glibc 2.36. std::random_device calls it first.
unsigned arc4random() noexcept {
  unsigned value = 0;
  while (getrandom(&value, sizeof value, 0) != sizeof value) {
  }
  return value;
}

}  // extern "C"
