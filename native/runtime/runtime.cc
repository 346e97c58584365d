#include "runtime/runtime.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "error.h"
#include "runtime/library.h"

namespace alfa {
namespace {

constexpr int kOldestMinor = ORT_API_VERSION;  // 1.x carries API level x: older
                                               // ones lack entries that we call

std::mutex log_mutex;
std::map<std::string, Log> log_taps;

// `id` is the session's, perhaps followed by what tells its runs apart.
void ORT_API_CALL on_log(void*, OrtLoggingLevel severity, const char* category,
                         const char* id, const char*, const char* message) {
  const LogLevel level = severity >= ORT_LOGGING_LEVEL_ERROR ? LogLevel::kError
                         : severity == ORT_LOGGING_LEVEL_WARNING
                             ? LogLevel::kWarn
                             : LogLevel::kDebug;
  const std::string_view from(id ? id : "");
  const std::lock_guard lock(log_mutex);
  const auto tap = log_taps.find(std::string(from.substr(0, from.find('/'))));
  if (tap != log_taps.end() && tap->second)
    tap->second(level, std::string("onnxruntime ") + category + ": " + message);
}

const OrtApiBase* api_base(void* library) {
  using GetBase = const OrtApiBase*(ORT_API_CALL*)();
  const auto get =
      reinterpret_cast<GetBase>(find_symbol(library, "OrtGetApiBase"));
  return get ? get() : nullptr;
}

bool fits(const OrtApiBase* base) {
  if (!base) return false;
  const std::string version = base->GetVersionString();
  const size_t dot = version.find('.');
  return dot != std::string::npos && version.substr(0, dot) == "1" &&
         std::atoi(version.c_str() + dot + 1) >= kOldestMinor;
}

}  // namespace

Runtime& Runtime::open(const std::string& library) {
  return open(library, false);
}

Runtime& Runtime::open_exactly(const std::string& library,
                               const std::vector<std::string>& preload) {
  std::vector<std::string> waiting = preload;
  for (size_t before = 0;
       before != waiting.size();) {  // one may need another: as long as any
                                     // more can be opened
    before = waiting.size();
    std::string reason;
    std::erase_if(waiting, [&](const std::string& path) {
      return open_library(path, reason) != nullptr;
    });
    if (before == waiting.size() && before > 0)
      throw Error(Code::kDevice,
                  waiting[0] + " could not be opened: " + reason + ".");
  }
  return open(library, true);
}

Runtime& Runtime::open(const std::string& library, bool exactly) {
  static std::mutex mutex;
  static Runtime* only = nullptr;
  const std::lock_guard lock(mutex);
  if (only && exactly && only->library_ != library)
    throw Error(Code::kDevice,
                "This process has begun with the ONNX Runtime of " +
                    only->library_ + ", and the GPU needs that of " + library +
                    ": open the engine of the GPU first, others then share its "
                    "runtime, or set ALFA_ORT_DIR for all.");
  if (only) return *only;

  decline_telemetry();
  const OrtApiBase* base = nullptr;
  if (void* loaded = exactly ? nullptr : loaded_library("libonnxruntime.so.1");
      loaded && fits(api_base(loaded))) {
    base = api_base(loaded);
  } else {
    std::string reason;
    void* opened = open_library(library, reason);
    if (!opened && (reason.find("map segment") != std::string::npos ||
                    reason.find("allocate memory") != std::string::npos))
      throw Error(Code::kMemory,
                  "ONNX Runtime could not be mapped from " + library + ": " +
                      reason +
                      ". Give the process more memory (ulimit -v), or see that "
                      "the folder's programs may run (mounted noexec).");
    if (!opened)
      throw Error(Code::kRuntime,
                  "ONNX Runtime could not be opened from " + library + ": " +
                      reason +
                      ". Reinstall the package, or set ALFA_ORT_DIR to a "
                      "folder that holds it.");
    base = api_base(opened);
    if (!fits(base))
      throw Error(
          Code::kRuntime,
          library + " is " +
              (base ? std::string("ONNX Runtime ") + base->GetVersionString()
                    : "no ONNX Runtime") +
              "; version 1." + std::to_string(kOldestMinor) +
              " or later is needed.");
  }
  const OrtApi* api = base->GetApi(ORT_API_VERSION);
  if (!api)
    throw Error(Code::kRuntime, "ONNX Runtime " +
                                    std::string(base->GetVersionString()) +
                                    " refuses API level " +
                                    std::to_string(ORT_API_VERSION) + ".");
  Ort::InitApi(api);

  auto* runtime = new Runtime();
  runtime->version_ = base->GetVersionString();
  runtime->library_ = library;
  runtime->env_ = guarded("starting ONNX Runtime", [] {
    return new Ort::Env(ORT_LOGGING_LEVEL_WARNING, "alfa", on_log, nullptr);
  });
  runtime->env_->DisableTelemetryEvents();
  only = runtime;
  return *only;
}

LogTap::LogTap(Log log) {
  static int made = 0;
  const std::lock_guard lock(log_mutex);
  id_ = "alfa-" + std::to_string(made++);
  log_taps.emplace(id_, std::move(log));
}

LogTap::~LogTap() {
  const std::lock_guard lock(log_mutex);
  log_taps.erase(id_);
}

void rethrow(const char* what, const Ort::Exception& e) {
  std::string message = e.what();
  message.erase(message.find_last_not_of("\n ") + 1);
  const auto says = [&](const char* words) {
    return message.find(words) != std::string::npos;
  };
  if (says("terminate flag"))
    throw Error(Code::kAborted, std::string(what) + " was cancelled.");
  if (says("Failed to allocate memory") || says("bad_alloc") ||
      says("out of memory") || says("pthread_create failed"))
    throw Error(Code::kMemory, std::string(what) + ": not enough memory (" +
                                   message +
                                   "). Give the process more, lower maxBatch, "
                                   "or take a smaller model or image.");
  throw Error(Code::kRuntime,
              std::string(what) + ": ONNX Runtime says: " + message);
}

}  // namespace alfa
