#include "bench/host.h"

#include <fstream>

#ifdef __APPLE__
#include <sys/resource.h>
#endif

namespace alfa::bench {
namespace {

// The text after the colon of the first line that begins with `key`.
std::string value_of(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const size_t colon = line.find(':');
    const size_t first = colon == std::string::npos
                             ? colon
                             : line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? "" : line.substr(first);
  }
  return "";
}

size_t kilobytes(const char* key) {
  const std::string value = value_of("/proc/self/status", key);
  return value.empty() ? 0 : std::stoul(value) * 1024;
}

}  // namespace

std::string processor() {
  const std::string name = value_of("/proc/cpuinfo", "model name");
  return name.empty() ? "unknown processor" : name;
}

HostMemory host_memory() {
#ifdef __APPLE__
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {0, static_cast<size_t>(usage.ru_maxrss)};
#else
  return {kilobytes("VmRSS"), kilobytes("VmHWM")};
#endif
}

}  // namespace alfa::bench
