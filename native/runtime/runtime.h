// ONNX Runtime, opened at run time. The addon does not link it, so it also
// loads where ONNX Runtime is missing, and can then say so. There is one per
// process: the first engine decides which file it is.
#pragma once
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include <string>
#include <vector>

#include "runtime/log.h"

namespace alfa {

class Runtime {
 public:
  // Opens `library` (an absolute path). If the process has already loaded an
  // ONNX Runtime whose version is new enough, it takes that one. Throws
  // Error(kRuntime) with the loader's message, or Error(kMemory).
  static Runtime& open(const std::string& library);
  // For a GPU: opens exactly this library, because its CUDA provider fits no
  // other one. Before it, opens the libraries of `preload`, in any order: the
  // provider needs them, and the loader would not find them. Throws
  // Error(kDevice) if this process already uses another ONNX Runtime.
  static Runtime& open_exactly(const std::string& library,
                               const std::vector<std::string>& preload);

  const std::string& version() const { return version_; }
  Ort::Env& env() { return *env_; }

 private:
  Runtime() = default;
  static Runtime& open(const std::string& library, bool exactly);
  std::string version_, library_;
  // Never destroyed: ONNX Runtime can abort in its static destructors if its
  // environment is destroyed at exit.
  Ort::Env* env_ = nullptr;
};

// While it lives, passes on the log messages of the sessions that have its id.
// ONNX Runtime has one logger per process, of whoever creates the first
// environment. If the process had an ONNX Runtime before us, the messages of
// our sessions go to that logger, and none come here.
class LogTap {
 public:
  // An empty `log` drops the messages.
  explicit LogTap(Log log);
  ~LogTap();
  LogTap(const LogTap&) = delete;
  LogTap& operator=(const LogTap&) = delete;
  const std::string& id() const { return id_; }

 private:
  std::string id_;
};

// Throws ONNX Runtime's exception as an Error: kAborted, kMemory or kRuntime,
// whichever its message says. `action`: what failed, such as "Running the
// model".
[[noreturn]] void rethrow(const char* action, const Ort::Exception& e);

// Runs f with ONNX Runtime's exceptions as Errors.
template <typename F>
auto guarded(const char* action, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Ort::Exception& e) {
    rethrow(action, e);
  }
}

}  // namespace alfa
