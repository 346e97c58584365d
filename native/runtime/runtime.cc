#include "runtime/runtime.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "error.h"
#include "runtime/library.h"

namespace alfa {
namespace {

// ONNX Runtime 1.x has API level x. Older versions lack functions that we call.
constexpr int kOldestMinor = ORT_API_VERSION;

std::mutex log_mutex;
std::map<std::string, Log> log_taps;  // by id

LogLevel level_of(OrtLoggingLevel severity) {
  if (severity >= ORT_LOGGING_LEVEL_ERROR) return LogLevel::kError;
  if (severity == ORT_LOGGING_LEVEL_WARNING) return LogLevel::kWarn;
  return LogLevel::kDebug;
}

// `id` is the session's id, which may be followed by "/" and a run's id.
void ORT_API_CALL on_log(void*, OrtLoggingLevel severity, const char* category,
                         const char* id, const char*, const char* message) {
  const std::string_view full_id(id ? id : "");
  const std::string session(full_id.substr(0, full_id.find('/')));
  const std::lock_guard lock(log_mutex);
  const auto tap = log_taps.find(session);
  if (tap != log_taps.end() && tap->second)
    tap->second(level_of(severity),
                std::string("onnxruntime ") + category + ": " + message);
}

// Null if the library is not ONNX Runtime.
const OrtApiBase* api_base(void* library) {
  using GetBase = const OrtApiBase*(ORT_API_CALL*)();
  const auto get =
      reinterpret_cast<GetBase>(find_symbol(library, "OrtGetApiBase"));
  return get ? get() : nullptr;
}

bool new_enough(const OrtApiBase* base) {
  if (!base) return false;
  const std::string version = base->GetVersionString();
  const size_t dot = version.find('.');
  return dot != std::string::npos && version.substr(0, dot) == "1" &&
         std::atoi(version.c_str() + dot + 1) >= kOldestMinor;
}

// Opens the file of ONNX Runtime.
const OrtApiBase* open_onnxruntime(const std::string& library) {
  std::string reason;
  void* opened = open_library(library, reason);
  if (!opened) {
    const auto mentions = [&](const char* words) {
      return reason.find(words) != std::string::npos;
    };
    if (mentions("map segment") || mentions("allocate memory"))
      throw Error(Code::kMemory,
                  "Cannot map ONNX Runtime from " + library + ": " + reason +
                      ". Give the process more memory (ulimit -v), or check "
                      "that the folder is not mounted with noexec.");
    throw Error(Code::kRuntime,
                "Cannot open ONNX Runtime from " + library + ": " + reason +
                    ". Reinstall the package, or set ALFA_ORT_DIR to a folder "
                    "that contains ONNX Runtime.");
  }
  const OrtApiBase* base = api_base(opened);
  if (!new_enough(base)) {
    const std::string found =
        base ? std::string("ONNX Runtime ") + base->GetVersionString()
             : "no ONNX Runtime";
    throw Error(Code::kRuntime, library + " is " + found + "; version 1." +
                                    std::to_string(kOldestMinor) +
                                    " or later is needed.");
  }
  return base;
}

// The ONNX Runtime that the process has already loaded, or null.
const OrtApiBase* loaded_onnxruntime() {
  void* loaded = loaded_library("libonnxruntime.so.1");
  const OrtApiBase* base = loaded ? api_base(loaded) : nullptr;
  return new_enough(base) ? base : nullptr;
}

// Opens the libraries. One may depend on another, so it tries again as long as
// any more of them open.
void open_all(std::vector<std::string> libraries) {
  while (!libraries.empty()) {
    const size_t before = libraries.size();
    std::string reason;
    std::erase_if(libraries, [&](const std::string& path) {
      return open_library(path, reason) != nullptr;
    });
    if (libraries.size() == before)
      throw Error(Code::kDevice,
                  "Cannot open " + libraries[0] + ": " + reason + ".");
  }
}

}  // namespace

Runtime& Runtime::open(const std::string& library) {
  return open(library, false);
}

Runtime& Runtime::open_exactly(const std::string& library,
                               const std::vector<std::string>& preload) {
  open_all(preload);
  return open(library, true);
}

Runtime& Runtime::open(const std::string& library, bool exactly) {
  static std::mutex mutex;
  static Runtime* instance = nullptr;
  const std::lock_guard lock(mutex);
  if (instance) {
    if (exactly && instance->library_ != library)
      throw Error(Code::kDevice,
                  "This process already uses the ONNX Runtime in " +
                      instance->library_ + ", but the GPU needs the one in " +
                      library +
                      ". Open the engine for the GPU first; later engines "
                      "share its runtime. Or set ALFA_ORT_DIR for all "
                      "engines.");
    return *instance;
  }

  disable_telemetry();
  const OrtApiBase* base = exactly ? nullptr : loaded_onnxruntime();
  if (!base) base = open_onnxruntime(library);
  const OrtApi* api = base->GetApi(ORT_API_VERSION);
  if (!api)
    throw Error(Code::kRuntime, "ONNX Runtime " +
                                    std::string(base->GetVersionString()) +
                                    " does not support API level " +
                                    std::to_string(ORT_API_VERSION) + ".");
  Ort::InitApi(api);

  auto* runtime = new Runtime();
  runtime->version_ = base->GetVersionString();
  runtime->library_ = library;
  runtime->env_ = guarded("Starting ONNX Runtime", [] {
    return new Ort::Env(ORT_LOGGING_LEVEL_WARNING, "alfa", on_log, nullptr);
  });
  runtime->env_->DisableTelemetryEvents();
  instance = runtime;
  return *instance;
}

LogTap::LogTap(Log log) {
  static int next_id = 0;
  const std::lock_guard lock(log_mutex);
  id_ = "alfa-" + std::to_string(next_id++);
  log_taps.emplace(id_, std::move(log));
}

LogTap::~LogTap() {
  const std::lock_guard lock(log_mutex);
  log_taps.erase(id_);
}

void rethrow(const char* action, const Ort::Exception& e) {
  std::string message = e.what();
  message.erase(message.find_last_not_of("\n ") + 1);
  const auto mentions = [&](const char* words) {
    return message.find(words) != std::string::npos;
  };
  if (mentions("terminate flag"))
    throw Error(Code::kAborted, std::string(action) + " was cancelled.");
  if (mentions("Failed to allocate memory") || mentions("bad_alloc") ||
      mentions("out of memory") || mentions("pthread_create failed"))
    throw Error(Code::kMemory,
                std::string(action) + " failed: not enough memory (" + message +
                    "). Give the process more memory, lower maxBatch, or use a "
                    "smaller model or image.");
  throw Error(Code::kRuntime, std::string(action) +
                                  " failed. ONNX Runtime reports: " + message);
}

}  // namespace alfa
