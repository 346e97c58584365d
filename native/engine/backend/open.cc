// The only place that chooses between the CPU and CUDA.
#include "engine/backend/cuda/open.h"

#include "engine/backend/backend.h"
#include "engine/backend/cpu/cpu_backend.h"
#include "error.h"
#include "runtime/cpu.h"
#include "runtime/runtime.h"

namespace alfa {
namespace {

// Narrower models run in milliseconds in any precision. For them the exact
// result is worth more than the time.
constexpr int kMinInt8Width = 384;

bool is_cpu(const std::string& device) { return device == "cpu"; }

}  // namespace

Runtime& open_runtime(const OpenOptions& options) {
  return is_cpu(options.device)
             ? Runtime::open(options.runtime)
             : Runtime::open_exactly(options.runtime, options.preload);
}

Precision choose_precision(const OpenOptions& options,
                           const Architecture& architecture) {
  if (!architecture.vision) return Precision::kFp32;
  const bool cpu = is_cpu(options.device);
  if (options.precision == Precision::kAuto) {
    if (!cpu) return Precision::kFp16;
    return has_8_bit_dot_product() &&
                   architecture.vision->width >= kMinInt8Width
               ? Precision::kInt8
               : Precision::kFp32;
  }
  if (cpu && options.precision == Precision::kFp16)
    throw Error(Code::kUnsupported,
                "Precision 'fp16' is not available on the CPU. Use 'fp32' or "
                "'int8', or a GPU.");
  if (!cpu && options.precision == Precision::kInt8)
    throw Error(Code::kUnsupported,
                "Precision 'int8' is not available on a GPU. Use 'fp16' or "
                "'fp32', or the CPU.");
  return options.precision;
}

std::unique_ptr<Backend> open_backend(const BackendContext& context,
                                      const BackendOptions& options) {
  // A checkpoint without an image tower has nothing to run on a GPU, since the
  // text tower always runs on the CPU.
  const bool cpu = is_cpu(options.device) || !context.architecture.vision;
  return cpu ? open_cpu_backend(context, options)
             : open_cuda_backend(context, options);
}

}  // namespace alfa
