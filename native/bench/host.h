// The processor, and the memory of this process.
#pragma once
#include <cstddef>
#include <string>

namespace alfa::bench {

std::string processor();  // "unknown processor" if the system does not say

struct HostMemory {     // bytes; 0 if the system does not say
  size_t resident = 0;  // now
  size_t most = 0;      // the largest since the process started
};
HostMemory host_memory();

}  // namespace alfa::bench
