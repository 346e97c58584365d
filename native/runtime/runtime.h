// ONNX Runtime, found and opened at run time: nothing of it is linked, so the
// addon loads where there is none and says what is missing. One per process:
// the first engine decides which file.
#pragma once
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include <string>
#include <vector>

#include "runtime/log.h"

namespace alfa {

class Runtime {
 public:
  // Opens `library` (an absolute path), or takes the ONNX Runtime that the
  // process already has where its version fits. Throws Error(kRuntime) with the
  // loader's own words.
  static Runtime& open(const std::string& library);
  // For a GPU: that library and no other, since its CUDA provider fits it
  // alone, and before it `preload`, which the provider needs and the loader
  // would not find. Error(kDevice) where this process has begun with another
  // ONNX Runtime.
  static Runtime& open_exactly(const std::string& library,
                               const std::vector<std::string>& preload);

  const std::string& version() const { return version_; }
  Ort::Env& env() { return *env_; }

 private:
  Runtime() = default;
  static Runtime& open(const std::string& library, bool exactly);
  std::string version_, library_;
  // Never destroyed: ORT has aborted in its own static destructors when the
  // environment goes down at exit.
  Ort::Env* env_ = nullptr;
};

// Takes the messages of the sessions that carry its id, for as long as it
// lives: ORT has one logger per process, the first one made. Where the process
// had an ORT before us, that one's logger hears our sessions and this tap
// nothing.
class LogTap {
 public:
  explicit LogTap(Log log);  // may be empty: those sessions then say nothing
  ~LogTap();
  LogTap(const LogTap&) = delete;
  const std::string& id() const { return id_; }

 private:
  std::string id_;
};

[[noreturn]] void rethrow(const char* what, const Ort::Exception& e);

// Runs f; ORT's exceptions become Error(kRuntime), or kMemory, kAborted where
// the message says so.
template <typename F>
auto guarded(const char* what, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Ort::Exception& e) {
    rethrow(what, e);
  }
}

}  // namespace alfa
