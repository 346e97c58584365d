// The one exception of the engine. `code` is part of the public API: users
// switch on it, so a code keeps its meaning for good. The message names the
// thing, what was expected, what was found, and what to do.
#pragma once
#include <stdexcept>
#include <string>

namespace alfa {

enum class Code {
  kArgument,  // ERR_ALFA_ARGUMENT: a wrong type or an unknown key (TypeError in
              // JavaScript)
  kRange,     // ERR_ALFA_RANGE: right type, impossible value (RangeError in
              // JavaScript)
  kImage,     // ERR_ALFA_IMAGE: pixels that cannot be read
  kImageSize,      // ERR_ALFA_IMAGE_SIZE: too small or too large an image
  kModelNotFound,  // ERR_ALFA_MODEL_NOT_FOUND: no checkpoint there
  kModelCorrupt,   // ERR_ALFA_MODEL_CORRUPT: bytes that break the file format
  kModelUnsupported,  // ERR_ALFA_MODEL_UNSUPPORTED: a sound file of a kind we
                      // do not run
  kModelMismatch,  // ERR_ALFA_MODEL_MISMATCH: config, weights and tokenizer do
                   // not fit each other
  kRuntime,  // ERR_ALFA_RUNTIME: ONNX Runtime cannot be found, opened or run
  kDevice,   // ERR_ALFA_DEVICE: the device asked for cannot be had
  kUnsupported,   // ERR_ALFA_UNSUPPORTED: what this version, or this device,
                  // does not do
  kMemory,        // ERR_ALFA_MEMORY: an allocation failed
  kClosed,        // ERR_ALFA_CLOSED: used after close
  kAborted,       // ERR_ALFA_ABORTED: cancelled by the caller
  kWrite,         // ERR_ALFA_WRITE: a file cannot be written
  kCategoryFile,  // ERR_ALFA_CATEGORY_FILE: a file that is no saved category,
                  // or a damaged one
  kQueueFull,     // ERR_ALFA_QUEUE_FULL: more work than the queue holds
  kInternal,      // ERR_ALFA_INTERNAL: a fault of ours
};

const char* code_name(Code code) noexcept;

struct Error : std::runtime_error {
  Error(Code c, const std::string& message)
      : std::runtime_error(message), code(c) {}
  Code code;
};

}  // namespace alfa
