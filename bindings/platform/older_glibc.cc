// A prebuilt addon asks for no newer glibc than the ONNX Runtime beside
// it, 2.28 (tools/older-glibc.mjs links it so). What the headers and the
// libstdc++ of the machine that builds it use of later ones stands here, for
// the addon alone to see.
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>

extern "C" {

// 2.32. "Perhaps not": reference counts stay atomic.
char __libc_single_threaded = 0;

// 2.33 made functions of what were macros over these.
int __fxstat(int version, int file, struct stat* found);
int __xstat(int version, const char* path, struct stat* found);
int __lxstat(int version, const char* path, struct stat* found);
#ifdef __x86_64__
constexpr int kStatVersion = 1;
#else
constexpr int kStatVersion = 0;
#endif
int fstat(int file, struct stat* found) noexcept {
  return __fxstat(kStatVersion, file, found);
}
int stat(const char* path, struct stat* found) noexcept {
  return __xstat(kStatVersion, path, found);
}
int lstat(const char* path, struct stat* found) noexcept {
  return __lxstat(kStatVersion, path, found);
}
int fstat64(int file, struct stat64* found) noexcept {
  static_assert(sizeof(struct stat64) == sizeof(struct stat));
  return __fxstat(kStatVersion, file, reinterpret_cast<struct stat*>(found));
}

// 2.30. Waits by the wall clock for as long as is left by the clock asked for;
// libstdc++ looks at that one again afterwards.
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

// 2.36; what std::random_device asks first.
unsigned arc4random() noexcept {
  unsigned value = 0;
  while (getrandom(&value, sizeof value, 0) != sizeof value) {
  }
  return value;
}

}  // extern "C"
