#include "error.h"

namespace alfa {

const char* code_name(Code code) noexcept {
  switch (code) {
    case Code::kArgument:
      return "ERR_ALFA_ARGUMENT";
    case Code::kRange:
      return "ERR_ALFA_RANGE";
    case Code::kImage:
      return "ERR_ALFA_IMAGE";
    case Code::kImageSize:
      return "ERR_ALFA_IMAGE_SIZE";
    case Code::kModelNotFound:
      return "ERR_ALFA_MODEL_NOT_FOUND";
    case Code::kModelCorrupt:
      return "ERR_ALFA_MODEL_CORRUPT";
    case Code::kModelUnsupported:
      return "ERR_ALFA_MODEL_UNSUPPORTED";
    case Code::kModelMismatch:
      return "ERR_ALFA_MODEL_MISMATCH";
    case Code::kRuntime:
      return "ERR_ALFA_RUNTIME";
    case Code::kDevice:
      return "ERR_ALFA_DEVICE";
    case Code::kUnsupported:
      return "ERR_ALFA_UNSUPPORTED";
    case Code::kMemory:
      return "ERR_ALFA_MEMORY";
    case Code::kClosed:
      return "ERR_ALFA_CLOSED";
    case Code::kAborted:
      return "ERR_ALFA_ABORTED";
    case Code::kWrite:
      return "ERR_ALFA_WRITE";
    case Code::kCategoryFile:
      return "ERR_ALFA_CATEGORY_FILE";
    case Code::kQueueFull:
      return "ERR_ALFA_QUEUE_FULL";
    case Code::kInternal:
      return "ERR_ALFA_INTERNAL";
  }
  return "ERR_ALFA_INTERNAL";
}

}  // namespace alfa
