// The machine that the figures are of, and the memory of this process on it.
#pragma once
#include <cstddef>
#include <string>

namespace alfa::bench {

std::string processor();  // "unknown processor" where the system does not tell

struct HostMemory {               // bytes; 0 where the system does not tell
  size_t resident = 0, most = 0;  // now; since the process started
};
HostMemory host_memory();

}  // namespace alfa::bench
