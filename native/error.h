// The only exception type of the engine. Users switch on the code, so a code
// never changes its meaning. The message says what was wrong, what was
// expected, what was received, and what to do.
#pragma once
#include <stdexcept>
#include <string>

#include "enum_names.h"

namespace alfa {

enum class Code {
  kArgument,          // wrong type or unknown key; TypeError in JavaScript
  kRange,             // value out of range; RangeError in JavaScript
  kImage,             // pixels that cannot be read
  kImageSize,         // image too small or too large
  kModelNotFound,     // no checkpoint at the path
  kModelCorrupt,      // a checkpoint that breaks the file format
  kModelUnsupported,  // a valid checkpoint that the engine cannot run
  kModelMismatch,     // config, weights and tokenizer do not belong together
  kRuntime,           // ONNX Runtime is missing, or failed
  kDevice,            // the device is not available, or failed
  kUnsupported,       // not supported by this version or device
  kMemory,            // an allocation failed
  kClosed,            // used after close
  kAborted,           // cancelled by the caller
  kWrite,             // a file cannot be written
  kCategoryFile,      // not a saved category, or a damaged one
  kQueueFull,         // more requests than the queue holds
  kInternal,          // a bug in alfa-vad
};
template <>
inline constexpr EnumName<Code> kNamesOf<Code>[] = {
    {Code::kArgument, "ERR_ALFA_ARGUMENT"},
    {Code::kRange, "ERR_ALFA_RANGE"},
    {Code::kImage, "ERR_ALFA_IMAGE"},
    {Code::kImageSize, "ERR_ALFA_IMAGE_SIZE"},
    {Code::kModelNotFound, "ERR_ALFA_MODEL_NOT_FOUND"},
    {Code::kModelCorrupt, "ERR_ALFA_MODEL_CORRUPT"},
    {Code::kModelUnsupported, "ERR_ALFA_MODEL_UNSUPPORTED"},
    {Code::kModelMismatch, "ERR_ALFA_MODEL_MISMATCH"},
    {Code::kRuntime, "ERR_ALFA_RUNTIME"},
    {Code::kDevice, "ERR_ALFA_DEVICE"},
    {Code::kUnsupported, "ERR_ALFA_UNSUPPORTED"},
    {Code::kMemory, "ERR_ALFA_MEMORY"},
    {Code::kClosed, "ERR_ALFA_CLOSED"},
    {Code::kAborted, "ERR_ALFA_ABORTED"},
    {Code::kWrite, "ERR_ALFA_WRITE"},
    {Code::kCategoryFile, "ERR_ALFA_CATEGORY_FILE"},
    {Code::kQueueFull, "ERR_ALFA_QUEUE_FULL"},
    {Code::kInternal, "ERR_ALFA_INTERNAL"},
};

struct Error : std::runtime_error {
  Error(Code c, const std::string& message)
      : std::runtime_error(message), code(c) {}
  Code code;
};

}  // namespace alfa
